"""The dashboard in a real browser: figures that lead to their lists, another period, a phone, anybody's eyes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.leads.tests.factories import chief, make_lead, make_verified_lead
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestTheDashboard:
    def test_leads_from_each_figure_to_its_list_and_back(self, make_desk: MakeDesk, scheme: str) -> None:
        make_lead(title="A lead that waits")
        make_verified_lead(providers=2).assignments.first().accept(by=chief())
        desk = make_desk(color_scheme=scheme)
        desk.log_in("dispatcher")

        page = desk.open("/admin/")
        assert find_barriers(page) == []
        page.locator("#tile-new-leads .pc-figure a").click()
        expect(page.get_by_text("A lead that waits")).to_be_visible()
        page.go_back()

        page.get_by_role("link", name="90 days").click()
        expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")
        page.get_by_text("The same as a table").click()
        expect(page.get_by_role("columnheader", name="Offers made")).to_be_visible()
        assert find_barriers(page) == []

    def test_fits_a_phone(self, make_desk: MakeDesk, scheme: str) -> None:
        make_verified_lead(providers=2)
        desk = make_desk(color_scheme=scheme, viewport={"width": 390, "height": 844})
        desk.log_in("verifier")

        page = desk.open("/admin/")

        expect(page.locator("#tile-new-leads")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert find_barriers(page) == []
