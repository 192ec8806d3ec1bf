"""A dispatcher at a real browser has the invariants audited, and finds what is wrong; light, dark, on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from backend.jobs.testing import run_due_jobs
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.factories import make_lead
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk
from workflows.models import AuditRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/workflows/auditrun/"
PHONE = {"width": 390, "height": 844}


def find_a_lead_wrong(lead_id: int) -> AuditRun:
    """Keep a run that found one lead to violate an invariant."""
    result = {
        "name": "leads.each_wave_has_its_decision",
        "code": "R1",
        "count": 1,
        "ids": [lead_id],
        "took_ms": 2,
    }
    return AuditRun.objects.create(took="1", violations=1, news=1, results=[result])


class TestDispatcher:
    @pytest.mark.parametrize(
        "options", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}]
    )
    def test_finds_what_is_wrong_and_has_it_audited_again(
        self, make_desk: MakeDesk, options: dict[str, Any]
    ) -> None:
        lead = make_lead(title="A lead that is wrong")
        find_a_lead_wrong(lead.pk)
        make_member("auditor")
        desk = make_desk(**options)
        desk.log_in("dispatcher")

        page = desk.open(LIST)
        expect(page.locator(".wf-panel")).to_contain_text("1 violation")
        expect(page.get_by_text("What to do:")).to_be_visible()
        page.get_by_text("What was examined").click()
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.get_by_role("link", name="A lead that is wrong").click()
        expect(page).to_have_url(f"{page.url.partition('/admin/')[0]}/admin/leads/lead/{lead.pk}/change/")

        page.goto(LIST)
        page.get_by_role("button", name="Audit now").click()
        expect(page.get_by_text("A worker audits the invariants now")).to_be_visible()
        run_due_jobs()
        page.reload()
        expect(page.locator(".wf-panel")).to_contain_text("All hold")
        page.locator(".wf-audit-table .wf-when a").last.click()
        expect(page.locator(".wf-panel")).to_contain_text("1 violation")
        assert find_barriers(page) == []
