"""The page of a provider in a real browser: the map leads to leads, a phone, anybody's eyes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.catalog.models import City
from backend.leads.tests.admin_pages import address_of
from backend.leads.tests.factories import chief, make_lead, make_market, make_provider
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The widget of the skin that chooses a user, or a category, has no name of its own.
SELECT2 = [".select2-container"]


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", {"width": 1400, "height": 1000}), ("dark", {"width": 390, "height": 844})]
)
def test_tells_where_how_busy_how_well_and_why_not(
    make_desk: MakeDesk, scheme: str, size: dict[str, int]
) -> None:
    City.objects.create(name="Potsdam", country_code="DE", latitude=52.39, longitude=13.065)
    category = make_market(providers=1)
    provider = make_provider(category, place_name="Berlin", radius_km=40)
    lead = make_lead(category, latitude=52.6, longitude=13.5)
    lead.verify(by=chief())
    lead.assignments.get(provider=provider).accept(by=chief())
    missed = make_lead(category, language="pl")
    missed.verify(by=chief())
    desk = make_desk(color_scheme=scheme, viewport=size)
    desk.log_in("dispatcher")

    page = desk.open(address_of(provider))

    drawing = page.get_by_role("group", name="Map of the service area")
    expect(drawing.get_by_text("Potsdam", exact=True)).to_be_visible()
    expect(page.locator("#meter-month")).to_contain_text("1 of 200")
    expect(page.locator("#score-acceptance")).to_contain_text("1 of 1")
    expect(page.locator("#excluded-language")).to_contain_text(missed.reference)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert find_barriers(page, leave_out=SELECT2) == []

    drawing.locator("a").click()
    page.wait_for_url(f"**{address_of(lead)}")
