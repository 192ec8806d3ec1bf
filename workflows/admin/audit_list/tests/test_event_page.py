"""The page of one event: its facts, its link of the chain, what happened before, after, and in the same request."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from workflows import Channel, TransitionRecord, acting, clock
from workflows.admin.audit_list import event_page
from workflows.admin.audit_list.tests.pages import address, event_of
from workflows.admin.tests.pages import Page, read
from workflows.hash_chain import Link, check_link
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel, ReturnReason

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=datetime.UTC)


def forge(sql: str, *parameters: Any) -> None:
    """Change the log as somebody could who has the whole database: past its triggers."""
    with connection.cursor() as cursor:
        # What waits for the commit is checked while the log is still as it should be.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def look(browser: Client, record: TransitionRecord, *, site: str = "stock") -> Page:
    response = browser.get(address("change", record.pk, site=site))
    assert response.status_code == 200
    return read(response)


class TestFacts:
    @pytest.mark.parametrize("site", ["stock", "unfold"])
    def test_are_all_there_in_words_and_as_they_were_logged(self, browser: Client, site: str) -> None:
        with clock.at(NOON):
            parcel = make_parcel()
            clerk = make_user("clerk", "return_parcel")
        with (
            clock.at(NOON + datetime.timedelta(hours=2)),
            acting(channel=Channel.API, request_id="abc-1"),
        ):
            parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="New tenant")
        record = event_of(parcel, "give_back")

        page = look(browser, record, site=site)

        for words in (
            "When 1 Mar 2026 14:00:00.000250 UTC",
            f"Parcel Parcel {parcel.pk}",
            "Event of this one number 2",
            "By clerk Via API",
            "In the state before for 2 h",
            "Reason Moved away New tenant",
            f"Log row {record.pk}",
            f"toyapp.parcel {parcel.pk} give_back",
            "packed → returned",
            f"Actor user:{clerk.pk}",
            "Request abc-1",
            "Argument note New tenant Argument reason moved",
            f"Hash {record.hash} Hash of the event before {record.previous_hash}",
            "It holds: the facts are those that were logged",
        ):
            assert words in page.words, words
        assert page.buttons["abc-1"]["href"].endswith("?request=abc-1")

    def test_run_under_a_policy_that_allows_own_files_only(self, browser: Client) -> None:
        assert look(browser, event_of(make_parcel(), "create")).inline == []

    @pytest.mark.parametrize("key", ["0", "999999999", "99999999999", "x", "1_2F"])
    def test_of_no_event_are_not_found(self, browser: Client, key: str) -> None:
        assert browser.get(address("change", key)).status_code == 404


class TestLink:
    def test_holds_of_the_first_event_and_of_the_next(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        assert check_link(event_of(parcel, "create").pk) == Link(has_its_facts=True, follows=True)
        assert check_link(event_of(parcel, "send").pk) == Link(has_its_facts=True, follows=True)

    def test_of_no_event_is_none(self) -> None:
        assert check_link(0) is None

    def test_does_not_hold_where_a_fact_was_changed(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        record = event_of(parcel, "send")
        forge("UPDATE django_fsm_log_statelog SET state = 'lost' WHERE id = %s", record.pk)

        assert check_link(record.pk) == Link(has_its_facts=False, follows=True)
        assert "The facts are not those that were logged" in look(browser, record).words

    def test_does_not_hold_where_the_event_before_was_taken_away(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        forge("DELETE FROM workflows_transitionrecord WHERE object_id = %s AND sequence = 1", parcel.pk)
        record = event_of(parcel, "send")

        assert check_link(record.pk) == Link(has_its_facts=True, follows=False)
        words = look(browser, record).words
        assert "It does not hang on the event before" in words
        assert "It holds" not in words


class TestAround:
    def test_are_the_events_before_and_after_of_the_same_object(self, browser: Client) -> None:
        parcel = make_parcel()
        make_parcel()
        parcel.send(by=CARRIER)
        create, send = event_of(parcel, "create"), event_of(parcel, "send")

        first, last = look(browser, create), look(browser, send)

        assert first.buttons["Event after →"]["href"] == address("change", send.pk)
        assert "← Event before" not in first.buttons
        assert last.buttons["← Event before"]["href"] == address("change", create.pk)
        assert "Event after →" not in last.buttons

    def test_are_the_other_events_of_the_same_request(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parcel = make_parcel()
        make_item(parcel, "book")
        make_item(parcel, "lamp")
        with acting(channel=Channel.API, request_id="abc-2"):
            parcel.send(by=CARRIER)
            parcel.deliver(by=CARRIER, receiver="Bob")
        record = event_of(parcel, "deliver")

        detail = browser.get(address("change", record.pk)).context["detail"]

        told = [(row.object.text, row.event.label) for row in detail.companions]
        assert sorted(told) == [(f"Parcel {parcel.pk}", "Send"), ("book", "Hand over"), ("lamp", "Hand over")]
        assert not detail.has_more_companions
        monkeypatch.setattr(event_page, "COMPANIONS_MAX", 2)
        assert "All events of this request" in look(browser, record).words

    def test_cost_the_same_however_much_there_is(
        self, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        parcel = make_parcel()
        with acting(channel=Channel.API, request_id="abc-3"):
            parcel.send(by=CARRIER)
            for number in range(20):
                parcel.track(by=CARRIER, stop=str(number))
        record = event_of(parcel, "send")
        browser.get(address("change", record.pk))

        # Session, user, two of permissions; the event, its link, those beside it, its companions; names of parcels.
        with django_assert_num_queries(9):
            browser.get(address("change", record.pk))


class TestWhoSeesWhat:
    def test_events_of_objects_that_one_may_not_view_are_hidden(self, client: Client) -> None:
        client.force_login(make_user("packer", "view_transitionrecord", "view_item", is_staff=True))
        parcel = make_parcel()
        item = make_item(parcel)

        response = client.get(address())

        assert [row.record.machine for row in response.context["rows"]] == ["toyapp.item"]
        assert client.get(address("change", event_of(parcel, "create").pk)).status_code == 404
        assert client.get(address("change", event_of(item, "create").pk)).status_code == 200
        assert "toyapp.parcel" not in dict(response.context["filters"].fields["machine"].choices)
        hidden = client.get(address(), {"object": f"toyapp.parcel:{parcel.pk}"})
        assert hidden.context["rows"] == []
        assert f"Parcel {parcel.pk}" not in read(hidden).words

    def test_whoever_sees_all_sees_the_events_of_a_machine_that_is_gone(self, client: Client) -> None:
        client.force_login(make_user("root", is_staff=True, is_superuser=True))
        parcel = make_parcel()
        record = event_of(parcel, "create")
        forge("UPDATE workflows_transitionrecord SET machine = 'toyapp.crate' WHERE log_id = %s", record.pk)

        assert f"toyapp.crate {parcel.pk}" in read(client.get(address())).words
        assert "packed" in look(client, record).words

    @pytest.mark.parametrize("page", ["changelist", "add"])
    def test_nobody_without_the_permission_sees_anything(self, client: Client, page: str) -> None:
        client.force_login(make_user("packer", "view_parcel", is_staff=True))

        assert client.get(address(page)).status_code == 403


class TestForgedRequests:
    @pytest.mark.parametrize("site", ["stock", "unfold"])
    def test_change_nothing_even_of_a_superuser(self, client: Client, site: str) -> None:
        client.force_login(make_user("root", is_staff=True, is_superuser=True))
        record = event_of(make_parcel(), "create")
        before = list(TransitionRecord.objects.values())
        selected = {"action": "delete_selected", "_selected_action": record.pk, "post": "yes"}

        assert client.post(address("changelist", site=site), selected).status_code == 405
        assert client.post(address("change", record.pk, site=site), {"reason": "x"}).status_code == 405
        assert client.post(address("add", site=site), {"reason": "x"}).status_code == 403
        assert client.post(address("delete", record.pk, site=site), {"post": "yes"}).status_code == 403
        assert list(TransitionRecord.objects.values()) == before
        assert Parcel.objects.count() == 1
