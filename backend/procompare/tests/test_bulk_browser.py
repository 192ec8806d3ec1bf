"""A verifier at a real browser verifies many leads at once; light, dark, on a phone, and with axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from backend.bulk.models import BulkRun
from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead
from backend.leads.tests.admin_pages import list_address
from backend.leads.tests.bulk_runs import make_leads, states_of_leads
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


def preview(desk: Desk) -> Page:
    """Select all leads on the list and ask what verifying them would do."""
    page = desk.open(list_address(Lead))
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("bulk_verify")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    return page


def is_as_wide_as_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


class TestVerifier:
    def test_previews_consents_starts_and_watches_it_end(self, desk: Desk) -> None:
        make_leads(2, others=1)
        desk.log_in("verifier")
        page = preview(desk)
        start = page.locator(".bulk-start button")
        expect(start).to_have_text("Verify 2 leads")
        assert find_barriers(page) == []

        page.get_by_label("I vouch for the contact").check()
        expect(start).to_have_text("Verify 3 leads")
        start.click()
        expect(page.locator(".wf-badge-large")).to_have_text("Running")
        assert find_barriers(page) == []
        assert states_of_leads() == {"new": 3}

        run_due_jobs()
        expect(page.locator(".wf-badge-large")).to_have_text("Finished")
        expect(page.locator(".bulk-numbers")).to_contain_text("3 moved")
        assert find_barriers(page) == []
        assert states_of_leads() == {"verified": 3}

    def test_reads_all_of_it_in_the_dark_on_a_phone(self, make_desk: MakeDesk) -> None:
        make_leads(1, others=1)
        desk = make_desk(color_scheme="dark", viewport=PHONE)
        desk.log_in("verifier")
        page = preview(desk)
        assert is_as_wide_as_the_screen(page)
        assert find_barriers(page) == []
        page.locator(".bulk-start button").click()
        expect(page.locator(".wf-badge-large")).to_have_text("Running")
        run_due_jobs()
        expect(page.locator(".wf-badge-large")).to_have_text("Finished")
        assert is_as_wide_as_the_screen(page)
        assert find_barriers(page) == []
        page.goto(list_address(BulkRun))
        expect(page.locator("#result_list")).to_contain_text("1 moved · 1 stayed")
        assert find_barriers(page) == []
