"""A list of parcels: what its tabs count, what its chips say, what stands beside a parcel in it, on both sites."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workflows.admin.lists.chips import Chips
from workflows.admin.lists.state_tabs import StateTab
from workflows.admin.tests.pages import read
from workflows.tests.factories import make_parcel
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db

SITES = ["stock", "unfold"]


def list_url(query: str = "", *, site: str = "stock") -> str:
    return reverse("admin:toyapp_parcel_changelist", current_app=site) + query


def part(response: Any, kind: type[Any]) -> Any:
    """Return what is shown above the list, of one kind."""
    shown = [part.shown for part in response.context["list_parts"]]
    return next(
        one for one in shown if isinstance(one, kind) or (one and isinstance(one, tuple) and kind is StateTab)
    )


def tabs_of(response: Any) -> dict[str, int]:
    return {tab.label: tab.count for tab in part(response, StateTab)}


def chips_of(response: Any) -> list[str]:
    return [chip.text for chip in part(response, Chips).all]


def listed(response: Any) -> list[Parcel]:
    return list(response.context["cl"].result_list)


def make_sent(**fields: Any) -> Parcel:
    parcel = make_parcel(**fields)
    parcel.send(by=CARRIER, as_freight=True)
    return parcel


class TestTabs:
    @pytest.mark.parametrize("site", SITES)
    def test_count_each_state_and_mark_the_one_that_is_shown(self, browser: Client, site: str) -> None:
        make_parcel()
        sent = make_sent()

        response = browser.get(list_url("?status__exact=sent", site=site))

        assert tabs_of(response) == {
            "All": 2, "Packed": 1, "Sent": 1, "Delivered": 0, "Returned": 0, "Lost": 0
        }  # fmt: skip
        assert listed(response) == [sent]
        current = [
            link["href"]
            for link in read(response).links
            if "wf-tab" in link.get("class", "") and "aria-current" in link
        ]
        assert current == ["?status__exact=sent"]

    def test_count_what_passes_the_other_filters_and_the_search(self, browser: Client) -> None:
        make_sent(sender="Ann", weight_kg=30)
        make_sent(sender="Ann")
        make_sent(sender="Bob", weight_kg=30)
        make_parcel(sender="Ann", weight_kg=30)

        response = browser.get(list_url("?q=Ann&weight=heavy&status__exact=packed"))

        counts = tabs_of(response)
        assert (counts["All"], counts["Packed"], counts["Sent"]) == (2, 1, 1)

    def test_keep_the_filters_and_leave_the_page(self, browser: Client) -> None:
        for _parcel in range(4):
            make_parcel(weight_kg=30)

        response = browser.get(list_url("?weight=heavy&p=2"))

        tabs = part(response, StateTab)
        assert [tab.query for tab in tabs][:2] == ["?weight=heavy", "?status__exact=packed&weight=heavy"]

    def test_say_everything_where_nothing_else_is_said(self, browser: Client) -> None:
        response = browser.get(list_url("?status__exact=sent"))
        assert part(response, StateTab)[0].query == "?view=none"
        (chip,) = part(browser.get(list_url("?q=Ann")), Chips).all
        assert chip.query == "?view=none"

    def test_are_counted_by_one_statement(self, browser: Client) -> None:
        make_parcel()
        with CaptureQueriesContext(connection) as queries:
            browser.get(list_url())

        grouped = [query["sql"] for query in queries if "GROUP BY" in query["sql"]]
        assert len(grouped) == 1

    def test_stand_for_the_filter_by_state(self, browser: Client) -> None:
        specs = browser.get(list_url()).context["cl"].filter_specs

        assert [str(spec.title) for spec in specs] == ["weight", "updated at"]

    def test_mark_none_for_a_state_that_there_is_not(self, browser: Client) -> None:
        make_parcel()

        response = browser.get(list_url("?status__exact=stolen"))

        assert listed(response) == []
        assert not any(tab.is_current for tab in part(response, StateTab))


class TestChips:
    def test_say_what_narrows_the_list_and_lead_to_it_without(self, browser: Client) -> None:
        response = browser.get(list_url("?q=Ann&weight=heavy&weight_kg__gte=7&status__exact=sent&o=1"))

        chips = part(response, Chips)
        assert [(chip.text, chip.query) for chip in chips.all] == [
            ("Search: “Ann”", "?o=1&status__exact=sent&weight=heavy&weight_kg__gte=7"),
            ("Weight: Heavy", "?o=1&q=Ann&status__exact=sent&weight_kg__gte=7"),
            ("Weight kg from 7", "?o=1&q=Ann&status__exact=sent&weight=heavy"),
        ]
        assert chips.cleared_query == "?o=1&status__exact=sent"

    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("?updated_at__gte=2026-03-01T12:00:00Z", "Updated at from 1 Mar 2026 12:00"),
            ("?updated_at__lt=2026-03-01T12:00:00%2B02:00", "Updated at before 1 Mar 2026 10:00"),
            ("?status__in=packed,sent", "Status: Packed, Sent"),
            ("?sender=Ann", "Sender: Ann"),
            ("?weight=feathery", "Weight: “feathery” is not known"),
        ],
    )
    def test_read_what_a_link_asks_for(self, browser: Client, query: str, text: str) -> None:
        assert chips_of(browser.get(list_url(query))) == [text]

    def test_are_none_where_nothing_is_narrowed(self, browser: Client) -> None:
        assert chips_of(browser.get(list_url("?o=1"))) == []

    @pytest.mark.parametrize("site", SITES)
    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("", "No parcels yet"),
            ("?status__exact=sent", "No parcels in this state"),
            ("?q=x", "No parcels like this"),
        ],
    )
    def test_are_what_an_empty_list_points_at(
        self, browser: Client, site: str, query: str, words: str
    ) -> None:
        assert words in read(browser.get(list_url(query, site=site))).words


class TestAddress:
    def test_loses_what_a_form_left_empty(self, browser: Client) -> None:
        response = browser.get(list_url("?q=&weight=heavy&p=2"))

        assert (response.status_code, response["Location"]) == (302, "?weight=heavy")

    def test_says_everything_when_all_of_it_was_left_empty(self, browser: Client) -> None:
        assert browser.get(list_url("?q=&weight="))["Location"] == "?view=none"
        assert browser.get(list_url("?all=")).status_code == 200

    def test_of_a_page_that_is_no_more_shows_the_first(self, browser: Client) -> None:
        parcel = make_parcel()

        assert listed(browser.get(list_url("?p=7"))) == [parcel]

    def test_never_names_a_saved_view_or_a_place_as_a_filter(self, browser: Client) -> None:
        parcel = make_parcel()

        response = browser.get(list_url("?view=7&_at=3"))

        assert (listed(response), chips_of(response)) == ([parcel], [])


def open_from(browser: Client, response: Any, parcel: Parcel) -> Any:
    """Open a parcel by its link in a list."""
    links = [link.get("href", "") for link in read(response).links]
    return browser.get(next(href for href in links if f"/{parcel.pk}/change/" in href))


def beside(response: Any) -> tuple[str, str]:
    """Return the keys of the parcels before and after the one that is shown, and nothing where there is none."""
    links = {link["rel"]: link["href"] for link in read(response).links if "rel" in link}
    return tuple(links.get(rel, "").partition("/parcel/")[2].partition("/")[0] for rel in ("prev", "next"))  # type: ignore[return-value]  # two


class TestNeighbours:
    @pytest.mark.parametrize("site", SITES)
    @pytest.mark.parametrize("query", ["", "?p=1", "?q=Ann"])
    def test_are_those_of_the_list_one_came_from(self, browser: Client, site: str, query: str) -> None:
        first, second, third = (make_parcel() for _parcel in range(3))

        page = open_from(browser, browser.get(list_url(query, site=site)), second)

        assert beside(page) == (str(first.pk), str(third.pk))

    def test_reach_over_the_end_of_a_page(self, browser: Client) -> None:
        parcels = [make_parcel() for _parcel in range(7)]

        page = open_from(browser, browser.get(list_url("?p=2")), parcels[3])
        assert beside(page) == (str(parcels[2].pk), str(parcels[4].pk))
        page = open_from(browser, browser.get(list_url("?p=2")), parcels[5])
        assert beside(page) == (str(parcels[4].pk), str(parcels[6].pk))
        page = browser.get(next(link["href"] for link in read(page).links if link.get("rel") == "next"))
        assert beside(page) == (str(parcels[5].pk), "")

    def test_stay_when_a_transition_takes_it_out_of_the_list(self, browser: Client) -> None:
        first, second, third = (make_parcel() for _parcel in range(3))
        page = open_from(browser, browser.get(list_url("?status__exact=packed")), second)

        button = read(page).form("/send/")
        response = browser.post(button.action, {"expect": "packed", "expect_version": "1"}, follow=True)

        assert beside(response) == (str(first.pk), str(third.pk))
        page = browser.get(next(link["href"] for link in read(response).links if link.get("rel") == "next"))
        assert beside(page) == (str(first.pk), "")

    @pytest.mark.parametrize(
        "query",
        ["", "?_changelist_filters=nothing__like__this%3D1", "?_changelist_filters=q%3DBob"],
        ids=["from no list", "from one that is none", "from one without it"],
    )
    def test_are_none(self, browser: Client, query: str) -> None:
        parcel = make_parcel()
        make_parcel()

        page = browser.get(
            reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app="stock") + query
        )

        assert page.status_code == 200
        assert beside(page) == ("", "")

    @pytest.mark.parametrize("words", ["-1", "x", "9" * 30, "٣", "800"])
    def test_take_no_nonsense_for_a_place(self, browser: Client, words: str) -> None:
        parcel, after = make_parcel(), make_parcel()
        kept = f"?_changelist_filters=p%3D1%26_at%3D{words}"

        page = browser.get(
            reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app="stock") + kept
        )

        assert beside(page) == (("", str(after.pk)) if words != "800" else ("", ""))

    def test_take_one_statement_more(self, browser: Client) -> None:
        parcel = make_parcel()
        page = reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app="stock")
        browser.get(page)
        with CaptureQueriesContext(connection) as alone:
            browser.get(page)
        with CaptureQueriesContext(connection) as within:
            browser.get(f"{page}?_changelist_filters=p%3D1")

        assert len(within) - len(alone) == 1


class TestNextStep:
    def test_is_the_primary_transition_or_whom_it_waits_for(self, browser: Client) -> None:
        packed, sent = make_parcel(), make_sent()
        returned = make_parcel()
        returned.give_back(by=_root(), reason="moved")

        cl = browser.get(list_url()).context["cl"]

        steps = {parcel.pk: cl.model_admin.next_step(parcel) for parcel in cl.result_list}
        assert steps == {
            packed.pk: '<span class="wf-step wf-ready">Send</span>',
            sent.pk: '<span class="wf-step wf-waits">Deliver: waits for the sender</span>',
            returned.pk: "",
        }


def _root() -> Any:
    from workflows.tests.factories import make_user

    return make_user("root", is_superuser=True)
