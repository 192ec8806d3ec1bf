"""The story of a lead in a real browser: blocked, confirmed, verified; two tabs, two clicks, a dialog, a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend.leads.models import Lead
from backend.leads.tests.admin_pages import address_of, list_address
from backend.leads.tests.factories import make_lead, make_market
from backend.notifications.models import Notification
from backend.procompare.tests.desk import Desk, MakeDesk
from workflows import TransitionRecord

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead() -> Lead:
    """A new lead that nobody has confirmed, with seven providers about."""
    return make_lead(make_market(providers=7), is_confirmed=False, title="A dripping tap")


def badge_of(page: Page) -> Any:
    return page.locator(".wf-badge-large")


def current_state_of(page: Page) -> Any:
    return page.locator("svg .wf-current")


def message_on(page: Page, text: str) -> Any:
    return page.get_by_text(text, exact=True)


def events_of(lead: Lead) -> list[str]:
    records = TransitionRecord.objects.filter(machine="leads.lead", object_id=lead.pk).order_by("sequence")
    return [record.log.transition for record in records.select_related("log")]


class TestVerifying:
    def test_goes_from_blocked_over_confirmed_to_offers(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("verifier")
        page = desk.open(list_address(Lead))
        expect(page.get_by_text("Verify: waits for “Contact is confirmed”")).to_be_visible()
        page.get_by_role("link", name=lead.reference).click()

        expect(badge_of(page)).to_have_text(re.compile("New"))
        expect(page.locator("#wf-why-verify")).to_contain_text("Nobody has confirmed the contact yet")
        expect(page.locator("#contact")).to_contain_text("Not confirmed")
        expect(page.get_by_role("button", name="Verify")).to_have_count(0)

        page.get_by_role("button", name="Confirm contact").click()
        expect(page.locator("#contact")).to_contain_text("Confirmed by verifier")
        expect(page.locator("#wf-why-verify")).to_have_count(0)

        page.get_by_role("button", name="Verify → Verified").click()
        expect(message_on(page, "Verify: New → Verified.")).to_be_visible()
        expect(badge_of(page)).to_have_text(re.compile("Verified"))
        expect(current_state_of(page)).to_contain_text("Verified")
        expect(page.locator("#routing tbody tr")).to_have_count(5)
        expect(page.locator("#routing")).to_contain_text("2 more were told")

        assert events_of(lead) == ["create", "verify"]
        assert lead.assignments.count() == 5
        assert Notification.objects.filter(type="lead_assigned").count() == 5
        assert Notification.objects.filter(type="lead_verified").count() == 2

    def test_goes_by_vouching_in_the_dialog(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("verifier")
        page = desk.open(address_of(lead))

        page.get_by_role("link", name="Verify…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("New → Verified")
        dialog.get_by_label("I vouch for the contact").check()
        dialog.get_by_role("button", name="Verify").click()

        expect(badge_of(page)).to_have_text(re.compile("Verified"))
        assert events_of(lead) == ["create", "verify"]

    def test_in_a_second_tab_says_what_happened_meanwhile(self, desk: Desk) -> None:
        lead = make_lead(make_market(providers=2))
        desk.log_in("verifier")
        first, second = desk.open(address_of(lead)), desk.open(address_of(lead))

        first.get_by_role("button", name="Verify → Verified").click()
        expect(badge_of(first)).to_have_text(re.compile("Verified"))
        second.get_by_role("button", name="Verify → Verified").click()

        expect(message_on(second, "Now Verified; was New when you opened the page.")).to_be_visible()
        expect(badge_of(second)).to_have_text(re.compile("Verified"))
        assert events_of(lead) == ["create", "verify"]
        assert lead.assignments.count() == 2

    def test_by_a_double_click_verifies_once(self, desk: Desk) -> None:
        lead = make_lead(make_market(providers=2))
        desk.log_in("verifier")
        page = desk.open(address_of(lead))

        page.get_by_role("button", name="Verify → Verified").dblclick()

        expect(badge_of(page)).to_have_text(re.compile("Verified"))
        assert events_of(lead) == ["create", "verify"]
        assert Notification.objects.filter(type="lead_assigned").count() == 2

    def test_is_shown_as_somebody_elses_to_a_dispatcher(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("dispatcher")
        page = desk.open(address_of(lead))

        expect(page.locator(".wf-remarks")).to_contain_text(
            "Verify — This is for staff with the permission “Can verify a lead”"
        )
        expect(page.get_by_role("link", name="Verify…")).to_have_count(0)
        expect(page.get_by_role("button", name="Confirm contact")).to_have_count(0)
        expect(page.get_by_role("link", name="Cancel…")).to_be_visible()


class TestEditForm:
    def test_is_saved_by_enter_and_fires_no_transition(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("verifier")
        page = desk.open(address_of(lead))

        page.get_by_label("Title").fill("Two dripping taps")
        page.get_by_label("Title").press("Enter")
        page.wait_for_url(f"**{list_address(Lead)}")

        stored = Lead.objects.get(pk=lead.pk)
        assert (stored.title, stored.status, events_of(lead)) == ("Two dripping taps", "new", ["create"])

    def test_takes_a_lead_in_at_a_city(self, desk: Desk) -> None:
        category = make_market(providers=0)
        desk.log_in("verifier")
        page = desk.open("/admin/leads/lead/add/")

        page.get_by_label("Title").fill("A dripping tap")
        page.get_by_role("combobox").filter(has_not_text="Flexible").first.click()
        page.locator(".select2-search__field").fill(category.name[:8])
        page.get_by_role("option", name=category.name).click()
        page.get_by_label("Latitude").fill("52.52")
        page.get_by_label("Longitude").fill("13.405")
        page.get_by_label("E-mail").fill("ann@example.com")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url(f"**{list_address(Lead)}")

        lead = Lead.objects.get()
        assert (lead.category, lead.contact.email, lead.source) == (category, "ann@example.com", "admin")


class TestRejecting:
    def test_insists_on_a_reason(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("verifier")
        page = desk.open(address_of(lead))
        page.get_by_role("link", name="Reject…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("It ends the lead.")

        dialog.get_by_role("button", name="Reject").click()
        expect(dialog).to_be_visible()
        assert Lead.objects.get(pk=lead.pk).status == "new"

        dialog.get_by_label("Reason").select_option("not_genuine")
        dialog.get_by_label("Note").fill("Nobody lives there.")
        dialog.get_by_role("button", name="Reject").click()

        expect(badge_of(page)).to_have_text(re.compile("Rejected"))
        expect(page.locator(".wf-timeline")).to_contain_text("Not genuine")
        expect(page.locator(".wf-timeline")).to_contain_text("Nobody lives there.")
        assert events_of(lead) == ["create", "reject"]

    def test_is_left_by_escape_without_a_trace(self, desk: Desk, lead: Lead) -> None:
        desk.log_in("verifier")
        page = desk.open(address_of(lead))
        page.get_by_role("link", name="Reject…").click()
        expect(page.get_by_role("dialog")).to_be_visible()

        page.keyboard.press("Escape")

        expect(page.get_by_role("dialog")).to_have_count(0)
        assert events_of(lead) == ["create"]


class TestPhone:
    def test_fits_the_lead_page_without_scrolling_sideways(self, make_desk: MakeDesk) -> None:
        lead = make_lead(make_market(providers=2))
        desk = make_desk(viewport={"width": 390, "height": 844})
        desk.log_in("verifier")
        page = desk.open(address_of(lead))

        page.get_by_role("button", name="Verify → Verified").click()
        expect(badge_of(page)).to_have_text(re.compile("Verified"))

        assert page.evaluate("document.documentElement.scrollWidth") == 390
