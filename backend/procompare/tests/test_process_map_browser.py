"""A dispatcher at a real browser: from the menu to a map, to a list, to events; light, dark, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from backend.leads.models import Lead
from backend.leads.tests.factories import make_lead, make_market, make_verified_lead
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEADS = "/admin/leads/lead/process-map/"
MAPS = "/admin/process-maps/"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def lead() -> Lead:
    """A verified lead, beside a new one of another category."""
    make_lead(make_market(providers=1))
    return make_verified_lead(providers=3)


class TestDispatcher:
    def test_looks_where_leads_wait_and_goes_to_them_and_to_what_happened(
        self, desk: Desk, lead: Lead
    ) -> None:
        desk.log_in("dispatcher")
        page = desk.open("/admin/")
        page.get_by_role("link", name="Process maps").click()
        page.locator(".wf-map-cards").get_by_role("link", name="Lead", exact=True).click()
        drawing = page.locator("svg.wf-diagram")
        expect(drawing).to_contain_text("1 now, for")

        page.get_by_label("Category").select_option(label=lead.category.name)
        page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(re.compile(f"category={lead.category_id}"))
        expect(drawing.locator("[data-state=new]")).to_contain_text("0 now")
        page.get_by_role("link", name="90 days").click()
        expect(page).to_have_url(re.compile(f"days=90&category={lead.category_id}"))

        # By the keyboard, as a link of any page.
        link = drawing.locator("[data-state=verified] a")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        expect(page.locator("#result_list")).to_contain_text(lead.reference)

        page.go_back()
        drawing.locator("[data-transition=verify] a").click()
        expect(page.locator(".wf-audit-table tbody tr")).to_have_count(1)

    def test_meets_no_barrier_in_light_and_dark_on_a_phone(self, make_desk: MakeDesk, lead: Lead) -> None:
        desk = make_desk(viewport=PHONE)
        desk.log_in("dispatcher")
        for address in (MAPS, LEADS):
            page = desk.open(address)
            for is_dark in (False, True):
                page.emulate_media(color_scheme="dark" if is_dark else "light")
                page.reload()
                expect(page.locator("html")).to_have_class(
                    re.compile(r"\bdark\b" if is_dark else r"^(?!.*\bdark\b)")
                )
                assert find_barriers(page) == []
            width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert page.evaluate(width)
