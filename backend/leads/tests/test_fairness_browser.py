"""Fairness and drift in a real browser: from the report to a list behind it; light, and dark on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from backend.leads.models import LeadAssignment
from backend.leads.tests.factories import chief, make_market, make_verified_lead
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}])
def test_a_dispatcher_follows_the_figures_to_their_lists(
    make_desk: MakeDesk, options: dict[str, Any]
) -> None:
    offer = make_verified_lead(providers=2).assignments.order_by("rank")[0]
    offer.accept(by=chief())
    LeadAssignment._base_manager.filter(pk=offer.pk).update(predicted=0.31)
    make_market(providers=1, company_name="Never asked")
    desk = make_desk(**options)
    desk.log_in("dispatcher")

    page = desk.open("/admin/fairness/")
    expect(page.get_by_text("Too few answered offers to tell")).to_be_visible()
    expect(page.get_by_role("link", name="Never asked")).to_be_visible()
    assert page.locator(".fd-plot").count() == 3
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    page.locator("#bar-waits-under_1 a").click()
    expect(page.locator("#result_list").get_by_text("Never asked")).to_be_visible()
