"""The audit list: what it shows, what each filter leaves, how it turns pages, what it costs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from workflows import Channel, SystemActor, acting, clock
from workflows.admin.audit_list import AuditAdmin, model_admin
from workflows.admin.audit_list.paging import count_capped
from workflows.admin.audit_list.tests.pages import address, listed, narrowed
from workflows.admin.tests.pages import read
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel, ReturnReason

pytestmark = pytest.mark.django_db

SITES = ["stock", "unfold"]
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def made_at(hours: int, **fields: Any) -> Parcel:
    """Return a parcel that was packed so many hours after noon."""
    with clock.at(NOON + hours * HOUR):
        return make_parcel(**fields)


def returned_parcel(**fields: Any) -> Parcel:
    """Return a parcel that was packed, sent and returned, an hour apart, the last by a clerk in the admin."""
    parcel = made_at(0, **fields)
    with clock.at(NOON + HOUR), acting(channel=Channel.TIMER):
        parcel.send(by=CARRIER)
    clerk = make_user("clerk", "return_parcel", first_name="Cleo", last_name="Clerk")
    with clock.at(NOON + 2 * HOUR), acting(channel=Channel.ADMIN, request_id="request-1"):
        parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="New tenant")
    return parcel


class TestList:
    @pytest.mark.parametrize("site", SITES)
    def test_tells_when_what_from_where_by_whom_why_and_after_how_long(
        self, browser: Client, site: str
    ) -> None:
        parcel = returned_parcel()

        with clock.at(NOON + 5 * HOUR):
            response = browser.get(address(site=site))

        assert listed(response) == [f"parcel {parcel.pk} {name}" for name in ("give_back", "send", "create")]
        page = read(response)
        assert (
            f"1 Mar 2026 14:00:00 Parcel ⋯ All events of this one Parcel {parcel.pk} Return"
            " Sent → to Returned Cleo Clerk via admin Moved away New tenant 1 h"
        ) in page.words
        assert page.times[0]["title"] == "3 h ago"
        assert page.buttons["Cleo Clerk"]["href"].endswith(f"?actor=user:{make_clerk_id()}")
        assert page.buttons[f"Parcel {parcel.pk}"]["href"] == f"/{site}/toyapp/parcel/{parcel.pk}/change/"
        badges = '<span class="wf-badge wf-tone-neutral">Sent</span> <span aria-hidden="true">→</span>'
        assert badges in response.content.decode()
        assert "3 events" in page.words

    def test_runs_under_a_policy_that_allows_own_files_only(self, browser: Client) -> None:
        returned_parcel()

        assert read(browser.get(address())).inline == []

    def test_names_an_object_that_is_gone_without_a_link(self, browser: Client) -> None:
        parcel = make_parcel()
        key = parcel.pk
        Parcel.objects.filter(pk=key).delete()

        page = read(browser.get(address()))

        assert f"parcel {key}, gone" in page.words
        assert f"parcel {key}, gone" not in page.buttons

    def test_names_an_object_without_an_admin_without_a_link(self, browser: Client) -> None:
        make_item(make_parcel(), "teapot")

        page = read(browser.get(address(site="unfold")))

        assert "Item ⋯ All events of this one teapot" in page.words
        assert "teapot" not in page.buttons

    def test_says_so_when_nothing_has_happened(self, browser: Client) -> None:
        page = read(browser.get(address()))

        assert "Nothing has happened yet." in page.words
        assert "Export as CSV" not in page.buttons


def make_clerk_id() -> int:
    from django.contrib.auth import get_user_model

    return int(get_user_model().objects.get(username="clerk").pk)


class TestFilters:
    def test_by_machine_and_transition(self, browser: Client) -> None:
        parcel = returned_parcel()
        item = make_item(parcel)
        item.hand_over(by=CARRIER)

        assert narrowed(browser, machine="toyapp.item") == [
            f"item {item.pk} hand_over",
            f"item {item.pk} create",
        ]
        assert narrowed(browser, transition="toyapp.parcel:create") == [f"parcel {parcel.pk} create"]
        assert narrowed(browser, transition="toyapp.parcel:lose") == []
        assert narrowed(browser, transition="toyapp.item:create", machine="toyapp.parcel") == []

    def test_by_who_acted(self, browser: Client) -> None:
        parcel = returned_parcel()
        clerk = f"user:{make_clerk_id()}"

        assert narrowed(browser, actor="system:carrier") == [f"parcel {parcel.pk} send"]
        assert narrowed(browser, actor=clerk) == [f"parcel {parcel.pk} give_back"]
        assert narrowed(browser, person="clerk cle") == [f"parcel {parcel.pk} give_back"]
        assert narrowed(browser, person="nobody") == []

    def test_offers_every_part_of_the_system_that_ever_acted_and_the_person_who_is_chosen(
        self, browser: Client
    ) -> None:
        returned_parcel()
        with acting(by=SystemActor("an_importer"), channel=Channel.IMPORT):
            Parcel.objects.create()
        clerk = f"user:{make_clerk_id()}"

        choices = browser.get(address(), {"actor": clerk}).context["filters"].fields["actor"].choices

        assert [(value, str(label)) for value, label in choices] == [
            ("", "Anybody"),
            (clerk, "Cleo Clerk"),
            ("system:an_importer", "system: an_importer"),
            ("system:carrier", "system: carrier"),
            ("system:test", "system: test"),
        ]

    def test_by_channel_and_days_both_of_which_belong_to_it(self, browser: Client) -> None:
        early, late = made_at(0), made_at(24)

        assert narrowed(browser, channel="command") == [
            f"parcel {late.pk} create",
            f"parcel {early.pk} create",
        ]
        assert narrowed(browser, channel="bulk") == []
        assert narrowed(browser, since="2026-03-01", until="2026-03-01") == [f"parcel {early.pk} create"]
        assert narrowed(browser, since="2026-03-02") == [f"parcel {late.pk} create"]
        assert narrowed(browser, until="2026-02-28") == []
        assert len(narrowed(browser, until="9999-12-31")) == 2

    def test_by_object_and_by_request_with_a_chip_that_takes_it_away(self, browser: Client) -> None:
        parcel, other = returned_parcel(), make_parcel()

        response = browser.get(address(), {"object": f"toyapp.parcel:{other.pk}", "channel": "command"})

        assert listed(response) == [f"parcel {other.pk} create"]
        assert response.context["chips"] == [(f"Parcel {other.pk}", "channel=command")]
        assert read(response).form("wf-filters").fields["object"] == f"toyapp.parcel:{other.pk}"
        assert narrowed(browser, request="request-1") == [f"parcel {parcel.pk} give_back"]

    @pytest.mark.parametrize(
        ("filters", "words"),
        [
            ({"since": "yesterday"}, "Enter a valid date."),
            ({"since": "2026-03-02", "until": "2026-03-01"}, "The range ends before it begins."),
            ({"machine": "toyapp.lamp"}, "Select a valid choice."),
            ({"transition": "toyapp.parcel:fly"}, "Select a valid choice."),
            ({"actor": "user:x"}, "Select a valid choice."),
            ({"object": "toyapp.parcel:1;--"}, "Enter a valid value."),
            ({"q": "a\0b"}, "Null characters are not allowed."),
        ],
    )
    def test_that_make_no_sense_list_nothing_and_say_why(
        self, browser: Client, filters: dict[str, str], words: str
    ) -> None:
        make_parcel()

        response = browser.get(address(), filters)

        assert listed(response) == []
        page = read(response)
        assert words in page.words
        assert "Nothing is listed: the filters make no sense." in page.words

    def test_ask_for_more_of_a_name_that_too_many_have(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(101):
            make_user(f"smith-{number}")

        page = read(browser.get(address(), {"person": "smith"}))

        assert "More than 100 people are called so: write more of the name." in page.words


class TestSearch:
    def test_finds_objects_by_the_search_of_their_own_admin(self, browser: Client) -> None:
        zoe = make_parcel(sender="Zoe")
        zoe.send(by=CARRIER)
        make_parcel(sender="Ann")

        assert narrowed(browser, q="zoe") == [f"parcel {zoe.pk} send", f"parcel {zoe.pk} create"]
        assert narrowed(browser, q="zoe", transition="toyapp.parcel:send") == [f"parcel {zoe.pk} send"]

    def test_finds_reasons_by_the_beginnings_of_their_words(self, browser: Client) -> None:
        parcel = returned_parcel()

        assert narrowed(browser, q="AWAY moved") == [f"parcel {parcel.pk} give_back"]  # by its label
        assert narrowed(browser, q="MOV") == [f"parcel {parcel.pk} give_back"]
        assert narrowed(browser, q="moved never") == []
        assert narrowed(browser, q="':*&|!") == []

    def test_finds_all_events_of_a_request(self, browser: Client) -> None:
        with acting(channel=Channel.API, request_id="abc-123"):
            parcel = make_parcel()
            parcel.send(by=CARRIER)
        make_parcel()

        assert narrowed(browser, q=" abc-123 ") == [f"parcel {parcel.pk} send", f"parcel {parcel.pk} create"]

    def test_says_so_when_more_objects_match_than_are_searched(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workflows.admin.audit_list.search.OBJECTS_MAX", 1)
        make_parcel(sender="Zoe")
        newest = make_parcel(sender="Zoe")

        response = browser.get(address(), {"q": "zoe"})

        assert listed(response) == [f"parcel {newest.pk} create"]
        words = "More than 1 parcels match; the events of 1 of them are searched."
        assert words in read(response).words


class TestPages:
    def test_go_to_earlier_events_and_back(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(AuditAdmin, "list_per_page", 2)
        keys = [f"parcel {make_parcel().pk} create" for _number in range(5)][::-1]

        pages = turn(browser, address(), "older_query")
        assert [listed(page) for page in pages] == [keys[:2], keys[2:4], keys[4:]]
        back = turn(browser, f"{address()}?{pages[1].context['older_query']}", "newer_query")
        assert [listed(page) for page in back] == [keys[4:], keys[2:4], keys[:2]]
        assert back[-1].context["older_query"]

    def test_of_a_span_of_days_go_by_time_even_where_the_past_was_brought_in_later(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AuditAdmin, "list_per_page", 2)
        hours = (3, 1, 2, 1)
        made = [(hour, made_at(hour).pk) for hour in hours]
        expected = [f"parcel {pk} create" for _hour, pk in sorted(made, reverse=True)]

        first, second = turn(browser, f"{address()}?since=2026-03-01", "older_query")

        assert listed(first) + listed(second) == expected
        assert listed(browser.get(f"{address()}?{second.context['newer_query']}")) == listed(first)
        assert "since=2026-03-01" in second.context["newer_query"]

    @pytest.mark.parametrize("value", ["0", "-1", "x", "99999999999", "²", ""])
    def test_that_make_no_sense_are_the_first(self, browser: Client, value: str) -> None:
        parcel = make_parcel()

        assert narrowed(browser, before=value) == [f"parcel {parcel.pk} create"]

    def test_count_as_far_as_is_useful(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(AuditAdmin, "list_per_page", 2)
        for _number in range(4):
            make_parcel()
        assert "4 events" in read(browser.get(address())).words

        monkeypatch.setattr(model_admin, "COUNTED_MAX", 3)

        assert "More than 3 events" in read(browser.get(address())).words
        assert count_capped(Parcel.objects.all(), most=2) == 3


def turn(browser: Client, url: str, direction: str) -> list[Any]:
    """Return the pages that follow each other from an address, itself first."""
    pages = [browser.get(url)]
    while query := pages[-1].context[direction]:
        pages.append(browser.get(f"{address()}?{query}"))
    return pages


class TestCost:
    def test_is_nine_statements_however_many_events(
        self, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _number in range(30):
            make_item(make_parcel()).hand_over(by=CARRIER)
        browser.get(address())

        # Session, user, two of permissions; parts of the system, the page, its count; names of parcels and of items.
        with django_assert_num_queries(9):
            response = browser.get(address())

        assert len(listed(response)) == 50
