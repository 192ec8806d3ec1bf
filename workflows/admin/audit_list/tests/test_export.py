"""The exported file: what is in it, what spreadsheets make of it, what it costs, who has taken it."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils.http import urlencode

from workflows import Channel, TransitionRecord, acting, clock
from workflows.admin.audit_list import export
from workflows.admin.audit_list.export import COLUMNS, neutralise
from workflows.admin.audit_list.tests.pages import address, csv_rows, event_of
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, ReturnReason

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def take(browser: Client, **filters: str) -> Any:
    return browser.post(f"{address('export')}?{urlencode(filters)}")


class TestFile:
    def test_has_every_fact_of_what_is_filtered_the_latest_first(self, browser: Client) -> None:
        with clock.at(NOON):
            parcel = make_parcel()
            clerk = make_user("clerk", "return_parcel", first_name="Cleo", last_name="Clerk")
        with clock.at(NOON + datetime.timedelta(hours=1)), acting(channel=Channel.API, request_id="abc"):
            parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="Zoë, “the” new tenant")
        record = event_of(parcel, "give_back")

        returned, created = csv_rows(take(browser))

        assert returned == {
            "log_id": str(record.pk),
            "at": "2026-03-01T13:00:00+00:00",
            "machine": "toyapp.parcel",
            "object_id": str(parcel.pk),
            "object": f"Parcel {parcel.pk}",
            "number": "2",
            "transition": "give_back",
            "label": "Return",
            "source": "packed",
            "target": "returned",
            "actor": f"user:{clerk.pk}",
            "actor_name": "Cleo Clerk",
            "channel": "api",
            "reason": "moved",
            "arguments": json.dumps({"note": "Zoë, “the” new tenant", "reason": "moved"}, ensure_ascii=False),
            "previous_state_s": "3600.0",
            "request_id": "abc",
            "hash": record.hash,
        }
        assert (created["source"], created["arguments"], created["previous_state_s"]) == ("", "", "")

    def test_holds_what_passes_the_filters_and_the_search_alone(self, browser: Client) -> None:
        parcel = make_parcel(sender="Zoe")
        parcel.send(by=CARRIER)
        make_parcel()

        def taken(**filters: str) -> list[str]:
            return [row["transition"] for row in csv_rows(take(browser, **filters))]

        assert taken(transition="toyapp.parcel:send") == ["send"]
        assert taken(q="zoe") == ["send", "create"]
        assert taken(channel="bulk") == []
        # By time: the creation of the other parcel is the latest.
        assert taken(since="2000-01-01") == ["create", "send", "create"]

    def test_is_named_for_the_day(self, browser: Client) -> None:
        with clock.at(NOON):
            response = take(browser)

        assert response["Content-Disposition"] == 'attachment; filename="audit-2026-03-01.csv"'
        assert response["Content-Type"] == "text/csv; charset=utf-8"

    def test_begins_with_its_columns_even_when_nothing_is_in_it(self, browser: Client) -> None:
        content = b"".join(take(browser).streaming_content)

        assert content.decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


class TestFormulas:
    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
    def test_are_neutralised_in_whatever_somebody_wrote(self, browser: Client, start: str) -> None:
        parcel = make_parcel()
        formula = f'{start}HYPERLINK("http://example.com")'
        record = event_of(parcel, "create")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "UPDATE workflows_transitionrecord SET reason = %s, request_id = %s WHERE log_id = %s",
                [formula, formula, record.pk],
            )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

        (row,) = csv_rows(take(browser))

        assert (row["reason"], row["request_id"]) == (f"'{formula}", f"'{formula}")

    def test_are_not_seen_where_there_are_none(self) -> None:
        assert [neutralise(cell) for cell in ("a=b", "", -1.5, None)] == ["a=b", "", -1.5, None]


class TestStream:
    def test_is_read_by_a_cursor_on_the_server_chunk_by_chunk(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "CHUNK", 2)
        for _number in range(5):
            make_parcel()

        chunks = iter(take(browser).streaming_content)
        sizes = [next(chunks).count(b"\r\n"), next(chunks).count(b"\r\n")]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_cursors WHERE statement LIKE '%workflows_transitionrecord%'"
            )
            cursors = cursor.fetchone()
        sizes += [chunk.count(b"\r\n") for chunk in chunks]

        assert sizes == [1, 2, 2, 1]
        assert cursors == (1,)


class TestWho:
    def test_has_taken_what_is_noted(self, browser: Client, auditor: Any) -> None:
        make_parcel()

        take(browser, channel="command", before="7", nonsense="x")
        take(browser)

        everything, narrow = LogEntry.objects.order_by("-pk")
        assert (narrow.user_id, narrow.object_repr) == (auditor.pk, "Audit list")
        assert narrow.content_type.model_class() is TransitionRecord
        assert narrow.change_message == "Exported as CSV: channel=command"
        assert everything.change_message == "Exported as CSV: everything"

    def test_asks_for_nonsense_gets_nothing(self, browser: Client) -> None:
        response = take(browser, since="yesterday")

        assert response.status_code == 400
        assert not LogEntry.objects.exists()

    def test_only_follows_a_link_gets_nothing(self, browser: Client) -> None:
        assert browser.get(address("export")).status_code == 405
        assert not LogEntry.objects.exists()

    def test_may_not_see_the_list_gets_nothing(self, client: Client) -> None:
        client.force_login(make_user("packer", "view_parcel", is_staff=True))

        assert take(client).status_code == 403
        assert not LogEntry.objects.exists()

    def test_sends_no_token_gets_nothing(self, auditor: Any) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(auditor)

        assert take(client).status_code == 403
        assert not LogEntry.objects.exists()
