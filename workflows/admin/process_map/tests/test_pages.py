"""The page of a process map, and that of all of them: what they say, where they lead, whom they refuse."""

from __future__ import annotations

import datetime
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_fsm_log.models import StateLog
from pytest_django import DjangoAssertNumQueries

from workflows import clock
from workflows.admin.tests.pages import read
from workflows.models import Passage
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
SITES = ["stock", "unfold"]
SVG = "{http://www.w3.org/2000/svg}"


def address(model: str = "parcel", *, site: str = "stock") -> str:
    return reverse(f"admin:toyapp_{model}_process_map", current_app=site)


def look(browser: Client, model: str = "parcel", *, site: str = "stock", **query: Any) -> Any:
    with clock.at(NOON):
        response = browser.get(address(model, site=site), query)
    assert response.status_code == 200
    return response


def made(days_ago: float, *, sent_after_days: float | None = None) -> Parcel:
    with clock.at(NOON - days_ago * DAY):
        parcel = make_parcel()
    if sent_after_days is not None:
        with clock.at(NOON - (days_ago - sent_after_days) * DAY):
            parcel.send(by=CARRIER)
    return parcel


def drawing_of(response: Any) -> ElementTree.Element:
    return ElementTree.fromstring(response.context["drawing"])


def links_in(response: Any) -> set[str]:
    return {link.get("href") or "" for link in drawing_of(response).iter(f"{SVG}a")}


def texts_at(response: Any, attribute: str, value: str) -> list[str | None]:
    groups = drawing_of(response).iter(f"{SVG}g")
    group = next(group for group in groups if group.get(attribute) == value)
    return [text.text for text in group.iter(f"{SVG}text")]


def rows_of(response: Any, name: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table that say anything."""
    if name == "states":
        rows = [
            (
                r.state.value,
                r.now,
                r.waiting_median,
                r.waiting_max,
                r.ended.count,
                r.ended.median,
                r.ended.p90,
            )
            for r in response.context["states"]
        ]
        return [row for row in rows if row[1:] != ("0", "", "", "0", "", "")]
    return [
        (r.label, r.source and r.source.value, r.target.value, r.pace.count, r.share, r.pace.median)
        for r in response.context["edges"]
        if r.pace.count != "0"
    ]


class TestMap:
    @pytest.mark.parametrize("site", SITES)
    def test_draws_and_lists_how_many_how_long_and_which_way(self, browser: Client, site: str) -> None:
        made(9, sent_after_days=2)
        made(5)

        response = look(browser, site=site)

        assert texts_at(response, "data-state", "packed") == ["Packed", "1 now, for 5 d", "took 2 d, p90 2 d"]
        assert texts_at(response, "data-state", "sent") == ["Sent", "1 now, for 7 d"]
        assert texts_at(response, "data-state", "lost") == ["Lost", "0 now"]
        assert texts_at(response, "data-transition", "send") == ["Send", "1×, after 2 d"]
        assert texts_at(response, "data-transition", "give_back") == [
            "Return",
            "from Packed: 0×",
            "from Sent: 0×",
        ]
        assert rows_of(response, "states") == [
            ("packed", "1", "5 d", "5 d", "1", "2 d", "2 d"),
            ("sent", "1", "7 d", "7 d", "0", "", ""),
        ]
        assert rows_of(response, "edges") == [
            ("Created", None, "packed", "2", "", ""),
            ("Send", "packed", "sent", "1", "100 %", "2 d"),
        ]
        words = read(response).words
        assert "9 Feb 2026 until now · created: 2 · events in all: 3 · there now: 2" in re.sub(
            " +", " ", words
        )

    def test_runs_under_a_policy_that_allows_own_files_only(self, browser: Client) -> None:
        made(9, sent_after_days=2)

        assert read(look(browser)).inline == []

    def test_leads_from_a_state_to_its_list_and_from_a_transition_to_its_events(
        self, browser: Client
    ) -> None:
        made(9, sent_after_days=2)

        links = links_in(look(browser))
        events = "/stock/workflows/transitionrecord/?transition=toyapp.parcel%3Asend&since=2026-02-09"
        assert {"/stock/toyapp/parcel/?status__exact=sent", events} <= links
        # Nothing happened in these seven days: there are no events to look at.
        assert [link for link in links_in(look(browser, days="7")) if "transition=" in link] == []
        listed = browser.get("/stock/toyapp/parcel/?status__exact=sent")
        assert listed.context["cl"].result_count == 1

    def test_leads_to_no_events_whoever_may_not_see_them(self, client: Client) -> None:
        client.force_login(make_user("clerk", "view_parcel", is_staff=True))
        made(9, sent_after_days=2)

        response = look(client)

        assert "transitionrecord" not in response.content.decode()
        assert "A state leads to its list." in read(response).words

    def test_marks_what_the_machine_has_no_more(self, browser: Client) -> None:
        made(1)
        Passage.objects.update(edge=7, log_id=old_log_row())

        response = look(browser)

        assert rows_of(response, "edges") == [("wrap", None, "wrapped", "1", "", "")]
        assert "no longer in the machine" in read(response).words


def old_log_row() -> int:
    """Return the number of a log row that tells of what a parcel can do no more."""
    parcels = StateLog.objects.get().content_type
    return StateLog.objects.create(content_type=parcels, object_id=1, transition="wrap", state="wrapped").pk


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "created"),
        [
            ({}, "2"),
            ({"days": "7"}, "1"),
            ({"days": "90"}, "3"),
            ({"days": "all"}, "4"),
            ({"since": "2026-03-01"}, "1"),
            ({"until": "2026-02-01"}, "2"),
            ({"since": "2026-01-01", "until": "2026-02-20", "days": "7"}, "2"),
        ],
    )
    def test_by_days(self, browser: Client, query: dict[str, str], created: str) -> None:
        for days_ago in (1, 20, 60, 200):
            made(days_ago)

        assert look(browser, **query).context["totals"] == {"created": created, "events": created, "now": "4"}

    def test_by_a_relation_which_the_list_and_the_other_periods_keep(self, browser: Client) -> None:
        parcel = made(1)
        with clock.at(NOON - DAY):
            make_item(parcel, "teapot")
            make_item(make_parcel(), "lamp")

        response = look(browser, "item", parcel=parcel.pk, days="7")

        assert response.context["totals"] == {"created": "1", "events": "1", "now": "1"}
        periods = [(query, is_current) for _label, query, is_current in response.context["periods"]]
        assert periods[:2] == [(f"days=7&parcel={parcel.pk}", True), (f"days=30&parcel={parcel.pk}", False)]
        inside = f"/stock/toyapp/item/?status__exact=inside&parcel__id__exact={parcel.pk}"
        assert inside in links_in(response)
        assert browser.get(inside).context["cl"].result_count == 1
        assert "there all events of the transition are listed" in read(response).words

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"days": "8"}, "Select a valid choice."),
            ({"since": "yesterday"}, "Enter a valid date."),
            ({"since": "2026-03-02", "until": "2026-03-01"}, "The range ends before it begins."),
            ({"parcel": "x"}, "Select a valid choice."),
        ],
    )
    def test_that_make_no_sense_show_nothing_and_say_why(
        self, browser: Client, query: dict[str, str], words: str
    ) -> None:
        page = read(look(browser, "item", **query))

        assert words in page.words
        assert "Nothing is shown: the filters make no sense." in page.words
        assert "States" not in page.words.split("Show")[-1]

    def test_say_why_a_map_is_empty(self, browser: Client) -> None:
        assert "There are none yet: the map fills as they come." in read(look(browser)).words

        parcel = made(60)

        assert "Nothing happened in this period: choose a longer one" in read(look(browser)).words
        assert "There are none of these" in read(look(browser, "item", parcel=parcel.pk)).words


class TestWho:
    def test_may_see_a_map_are_those_who_may_view_the_model(self, client: Client) -> None:
        client.force_login(make_user("clerk", "view_item", is_staff=True))
        make_parcel()

        assert client.get(address()).status_code == 403
        assert client.get(address("item")).status_code == 200
        assert [link.machine.name for link in look(client, "item").context["maps"]] == ["item"]

    def test_may_not_is_sent_to_the_login(self, client: Client) -> None:
        client.force_login(get_user_model().objects.create_user("client"))

        for page in (address(), reverse("process_maps")):
            assert client.get(page).url == f"/stock/login/?next={page}"

    def test_may_only_look(self, browser: Client) -> None:
        assert browser.post(address()).status_code == 405
        assert browser.post(reverse("process_maps")).status_code == 405
        assert browser.head(address()).status_code == 200


class TestIndex:
    def test_shows_the_maps_that_one_may_see_with_how_many_are_where(self, browser: Client) -> None:
        made(9, sent_after_days=2)
        made(1)

        page = read(browser.get(reverse("process_maps")))

        assert "Item None yet. Parcel 2 in all, now: Packed 1 Sent 1" in page.words
        assert page.buttons["Parcel"]["href"] == address()
        assert page.inline == []

    def test_is_refused_to_whoever_may_see_none(self, client: Client) -> None:
        client.force_login(make_user("clerk", is_staff=True))

        assert client.get(reverse("process_maps")).status_code == 403


class TestLinks:
    @pytest.mark.parametrize("site", SITES)
    def test_lead_to_the_map_from_the_list_and_from_the_panel(self, browser: Client, site: str) -> None:
        parcel = make_parcel()

        for page in ("changelist", "change"):
            args = [parcel.pk] if page == "change" else []
            shown = browser.get(reverse(f"admin:toyapp_parcel_{page}", args=args, current_app=site))
            assert address(site=site) in {link.get("href") for link in read(shown).links}


class TestCost:
    def test_is_six_statements_however_many_objects(
        self, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _number in range(20):
            made(9, sent_after_days=2)
        look(browser)

        # Session, user, two of permissions; how many are where now; what happened in the period.
        with django_assert_num_queries(6):
            look(browser)

    def test_is_two_more_with_a_relation_to_choose_from(
        self, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        parcel = make_parcel()
        make_item(parcel)
        look(browser, "item", parcel=parcel.pk)

        # Also: what may be chosen, and what is.
        with django_assert_num_queries(8):
            look(browser, "item", parcel=parcel.pk)

    def test_of_all_maps_is_a_statement_each(
        self, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_item(make_parcel())
        browser.get(reverse("process_maps"))

        with django_assert_num_queries(6):
            browser.get(reverse("process_maps"))
