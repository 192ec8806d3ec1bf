"""An auditor at a real browser: finds an event, looks at it, and takes the list away; light, dark, on a phone."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Page, expect

from backend.leads.models import Lead
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.factories import make_lead, make_market
from backend.procompare.tests.desk import Desk, MakeDesk
from workflows import Channel, acting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/workflows/transitionrecord/"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def lead() -> Lead:
    """A lead that was verified, and then rejected as not to be reached."""
    lead = make_lead(make_market(providers=3))
    with acting(channel=Channel.ADMIN):
        lead.verify(by=make_member("verifier"))
    with acting(channel=Channel.ADMIN):
        lead.reject(by=make_member("admin"), reason="unreachable")
    return lead


def is_as_wide_as_the_screen(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


class TestAuditor:
    def test_filters_opens_an_event_and_takes_the_list_away(
        self, desk: Desk, lead: Lead, tmp_path: Path
    ) -> None:
        desk.log_in("auditor")
        page = desk.open("/admin/")
        page.get_by_role("link", name="Audit list").click()
        rows = page.locator(".wf-audit-table tbody tr")
        expect(rows.first).to_contain_text("Reject")

        page.get_by_label("Transition").select_option("leads.lead:reject")
        page.get_by_label("Search").fill("cannot be reached")
        page.get_by_role("button", name="Filter").click()
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(lead.reference)
        expect(page).to_have_url(re.compile("transition=leads.lead%3Areject"))

        with page.expect_download() as download:
            page.get_by_role("button", name="Export as CSV").click()
        taken = tmp_path / "audit.csv"
        download.value.save_as(taken)
        assert re.fullmatch(r"audit-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
        with taken.open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file)
        assert (row["object"], row["transition"], row["reason"]) == (str(lead), "reject", "unreachable")
        assert LogEntry.objects.get().change_message == (
            "Exported as CSV: q=cannot+be+reached&transition=leads.lead%3Areject"
        )

        rows.get_by_role("link").first.click()
        expect(page.get_by_text("It holds: the facts are those that were logged")).to_be_visible()
        expect(page.get_by_role("heading", name="In the same request")).to_be_visible()
        page.get_by_role("link", name="← Event before").click()
        expect(page.locator("#wf-event-title")).to_contain_text("Verify")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_reads_it_on_a_phone_without_scrolling_sideways(
        self, make_desk: MakeDesk, lead: Lead, scheme: str
    ) -> None:
        desk = make_desk(color_scheme=scheme, viewport=PHONE)
        desk.log_in("auditor")

        page = desk.open(LIST)

        row = page.locator(".wf-audit-table tbody tr").first
        expect(row).to_contain_text("Client cannot be reached")
        assert is_as_wide_as_the_screen(page)
        row.get_by_role("link").first.click()
        expect(page.get_by_text("It holds")).to_be_visible()
        assert is_as_wide_as_the_screen(page)
