"""A morning at the list of leads in a real browser: a view saved and opened, leads worked through by keys alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend.catalog.models import City
from backend.leads.models import Lead
from backend.leads.tests.admin_pages import list_address
from backend.leads.tests.factories import make_lead, make_market
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import Desk, MakeDesk
from backend.saved_views.models import SavedView

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
# The skin's own: its mark, its menus and the sorting arrows of its table have no names or too little contrast.
SKIN = ("#nav-sidebar", "#header-inner", "#searchbar", "#result_list thead")


@pytest.fixture
def leads() -> list[Lead]:
    """Three new leads in Berlin, the latest first in the list, and one in Leipzig; providers for all."""
    City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
    market = make_market(providers=2)
    make_lead(market, title="Far away", place_name="Leipzig", latitude=51.34, longitude=12.37)
    found = [make_lead(market, title=title, place_name="Berlin") for title in ("Third", "Second", "First")]
    return found[::-1]


def rows_of(page: Page) -> Any:
    return page.locator("#result_list tbody tr")


def expect_page_of(page: Page, lead: Lead) -> None:
    """Wait until the page of a lead is there, and its keys with it."""
    expect(page).to_have_url(re.compile(f"/{lead.pk}/change/"))
    expect(page.get_by_role("button", name="Keys")).to_be_visible()


def is_as_wide_as_the_screen(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


class TestWorkingThroughAList:
    def test_filters_saves_the_view_and_opens_it_first(self, desk: Desk, leads: list[Lead]) -> None:
        desk.log_in("verifier")
        page = desk.open(list_address(Lead))
        expect(rows_of(page)).to_have_count(4)

        page.get_by_text("Filters", exact=False).locator("visible=true").first.click()
        page.get_by_label("Place").type("ber")
        expect(page.locator("#filter-place-list option")).to_have_attribute("value", "Berlin (DE)")
        page.get_by_label("Place").fill("Berlin (DE)")
        page.get_by_label("Around the city, within").select_option("50 km")
        page.get_by_role("button", name="Apply Filters").click()
        expect(rows_of(page)).to_have_count(3)
        expect(page.get_by_text("Place: within 50 km of Berlin (DE)")).to_be_visible()
        page.get_by_role("link", name=re.compile("^New")).click()
        expect(page.locator(".wf-tab[aria-current]").last).to_have_text("New 3")

        page.get_by_text("Save as a view…").click()
        page.get_by_label("Name").fill("Berlin, new")
        page.get_by_label("Opens first").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("“Berlin, new” is saved.")).to_be_visible()
        assert SavedView.objects.get().query == "place=Berlin+%28DE%29&status__exact=new&within=50"

        page = desk.open(list_address(Lead))
        expect(rows_of(page)).to_have_count(3)
        page.get_by_role("link", name="take this filter away").click()
        expect(page.get_by_text("(changed)")).to_be_visible()
        page.get_by_role("link", name="Everything").click()
        expect(rows_of(page)).to_have_count(4)

    def test_goes_from_lead_to_lead_by_keys_and_never_acts_by_one_alone(
        self, desk: Desk, leads: list[Lead]
    ) -> None:
        first, second, third = leads
        desk.log_in("verifier")
        page = desk.open(f"{list_address(Lead)}?status__exact=new&place=Berlin")

        for key in "jjjk":
            page.keyboard.press(key)
        expect(page.get_by_role("link", name=second.reference)).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("link", name=first.reference)).to_be_focused()
        page.keyboard.press("/")
        expect(page.locator("#searchbar")).to_be_focused()
        page.keyboard.type("jnk?")
        expect(page.locator("#searchbar")).to_have_value("jnk?")
        page.keyboard.press("Tab")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect_page_of(page, first)

        page.keyboard.press("a")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("New → Verified")
        for key in "anpj":  # none of them does anything while it asks
            page.keyboard.press(key)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        assert Lead.objects.filter(status="verified").count() == 0
        page.keyboard.press("a")
        expect(dialog.get_by_role("button", name="Verify")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Verify: New → Verified.")).to_be_visible()
        expect_page_of(page, first)
        assert list(Lead.objects.filter(status="verified")) == [first]

        # It has left the list of new ones; the next is the next all the same.
        page.keyboard.press("n")
        expect_page_of(page, second)
        page.keyboard.press("n")
        expect_page_of(page, third)
        expect(page.get_by_text("The last of its list")).to_be_visible()
        page.keyboard.press("p")
        expect_page_of(page, second)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_is_there_for_everybody(self, make_desk: MakeDesk, leads: list[Lead], scheme: str) -> None:
        desk = make_desk(color_scheme=scheme)
        desk.log_in("verifier")
        page = desk.open(f"{list_address(Lead)}?place=Berlin&status__exact=new&age=soon")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert find_barriers(page, leave_out=SKIN) == []
        page.get_by_role("button", name="Close").click()
        page.get_by_text("Save as a view…").click()
        assert find_barriers(page, leave_out=SKIN) == []
        page.get_by_label("Name").fill("Mine")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("link", name="Manage views").click()
        assert find_barriers(page, leave_out=SKIN) == []
        page.get_by_role("link", name="Delete… Mine").click()
        assert find_barriers(page, leave_out=SKIN) == []
        page.goto(f"{list_address(Lead)}?place=Atlantis")
        expect(page.get_by_text("No leads like this")).to_be_visible()
        page.get_by_text("Filters", exact=False).locator("visible=true").first.click()
        expect(page.get_by_label("Offered to")).to_be_visible()
        assert find_barriers(page, leave_out=SKIN) == []

        page.set_viewport_size(PHONE)
        page.goto(f"{list_address(Lead)}?view=none")
        assert is_as_wide_as_the_screen(page)
