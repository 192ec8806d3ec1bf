"""Manual work in a real browser: choose a provider, lift a rule, withdraw an offer, compare and end a duplicate."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from backend.leads.models import Lead
from backend.leads.tests.admin_pages import address_of, transition_address
from backend.leads.tests.factories import make_lead, make_market, make_provider, make_verified_lead
from backend.matching.tests.factories import HAMBURG
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONFLICT = "Failed to load resource: the server responded with a status of 409 (Conflict)"
SIZES = [("light", 1400), ("dark", 390)]


@pytest.mark.parametrize(("scheme", "width"), SIZES)
class TestManualWork:
    def test_assigns_by_hand_and_withdraws_where_the_offers_are_listed(
        self, make_desk: MakeDesk, scheme: str, width: int
    ) -> None:
        lead = make_verified_lead(providers=2)
        far = make_provider(lead.category, company_name="Far & Away", place=HAMBURG)
        desk = make_desk(color_scheme=scheme, viewport={"width": width, "height": 844})
        desk.log_in("dispatcher")
        page = desk.open(address_of(lead))

        page.get_by_role("link", name="Assign by hand…").click()
        expect(page.get_by_text("Nobody may have it by the rules")).to_be_visible()
        page.get_by_role("searchbox", name="Provider", exact=True).fill("away")
        page.keyboard.press("Enter")
        page.get_by_label("Far & Away").check()
        expect(page.get_by_text("only if you lift this:")).to_be_visible()
        assert find_barriers(page) == []
        page.get_by_label("Reason").fill("It agreed by phone.")
        page.get_by_role("button", name="Offer it").click()

        expect(page.get_by_label("Offer it all the same")).to_be_focused()
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.get_by_label("Offer it all the same").check()
        page.get_by_role("button", name="Offer it").click()
        expect(page.locator("#routing")).to_contain_text("It agreed by phone.")
        assert lead.assignments.get(provider=far).decision.lifted == ["too_far"]

        page.get_by_role("link", name="Withdraw… Far & Away").click()
        page.get_by_role("dialog").get_by_label("Reason").fill("A mistake")
        page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
        page.wait_for_url(re.compile(rf"{address_of(lead)}.*#routing$"))
        expect(page.locator("#routing")).to_contain_text("Withdrawn")

        page.locator("#routing").get_by_role("link", name="Wave 2", exact=True).click()
        expect(page.get_by_role("link", name=re.compile("Wave 2 · by hand"))).to_have_attribute(
            "aria-current", "page"
        )
        page.get_by_label("Why not …?").fill("Company")
        page.keyboard.press("Enter")
        expect(page.locator(".pc-answers")).to_contain_text("now: was offered it before")
        assert find_barriers(page) == []
        assert desk.complaints == [CONFLICT]  # the consent that was asked for
        desk.complaints.clear()

    def test_ends_a_duplicate_beside_its_original(self, make_desk: MakeDesk, scheme: str, width: int) -> None:
        category = make_market(providers=1)
        original = make_lead(category, email="ann@example.com", text="Six rooms on the second floor")
        lead = make_lead(category, email="ann@example.com", text="Six rooms on the third floor")
        desk = make_desk(color_scheme=scheme, viewport={"width": width, "height": 844})
        desk.log_in("verifier")
        page = desk.open(transition_address(lead, "mark_duplicate"))

        expect(page.locator("mark").filter(has_text="third")).to_be_visible()
        expect(page.get_by_text("same e-mail · same category")).to_be_visible()
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.get_by_role("radio", name=str(original)).check()
        page.get_by_role("button", name="Mark duplicate").click()

        page.wait_for_url(f"**{address_of(lead)}")
        assert Lead.objects.get(pk=lead.pk).duplicate_of == original
