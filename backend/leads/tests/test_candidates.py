"""The candidates of decisions: the same dictionaries for whoever reads them, in whichever shape they were written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from backend.leads.models import RoutingDecision
from backend.leads.models.candidates import CandidateTable
from backend.leads.tests.factories import make_verified_lead

FIRST = {
    "provider": 7,
    "rank": 1,
    "outcome": "offered",
    "parts": [["base", 1.0, -2.6], ["rating", 0.75, 1.2]],
}
SECOND = {"provider": 9, "rank": 2, "outcome": "ranked", "parts": [["base", 1.0, -2.6], ["rating", 0.5, 0.8]]}
COLUMNS = {
    "provider": [7, 9],
    "rank": [1, 2],
    "outcome": ["offered", "ranked"],
    "features": ["base", "rating"],
    "values": [[10_000, 10_000], [7_500, 5_000]],
    "contributions": [[-26_000, -26_000], [12_000, 8_000]],
}


class TestCandidateTable:
    def test_says_in_columns_what_the_entries_say(self) -> None:
        table = CandidateTable.of([FIRST, SECOND])
        assert table is not None
        assert table.columns == COLUMNS
        assert list(table) == table.entries == [FIRST, SECOND]
        assert (len(table), table[1], table == [FIRST, SECOND], table == [FIRST]) == (2, SECOND, True, False)

    @pytest.mark.parametrize(
        "entries",
        [
            [],
            [{"provider": 7, "rank": 1}],
            [FIRST, {**SECOND, "user": 3}],
            [FIRST, {**SECOND, "parts": [["base", 1.0, -2.6], ["idle", 0.5, 0.8]]}],
            [FIRST, {**SECOND, "parts": [["base", 1.0, -2.6], ["rating", 1 / 3, 0.8]]}],
        ],
    )
    def test_leaves_entries_alone_that_differ(self, entries: list[dict[str, Any]]) -> None:
        assert CandidateTable.of(entries) is None


@pytest.mark.django_db
class TestCandidatesField:
    def test_reads_what_it_wrote_and_what_was_written_before(self) -> None:
        lead = make_verified_lead(providers=8)
        decision = lead.decisions.get()
        (written,) = read_raw(decision)
        assert written["provider"] == [entry["provider"] for entry in decision.candidates]
        assert len(written["values"]) == len(written["features"]) == len(decision.candidates[0]["parts"])
        for shape in ([FIRST, SECOND], [FIRST, {"provider": 9, "rank": 2}]):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE leads_routingdecision SET candidates = %s", [json.dumps(shape)])
            decision.refresh_from_db()
            assert decision.candidates == shape
        decision.candidates = [FIRST, SECOND]
        decision.save()
        assert read_raw(decision) == [COLUMNS]


def read_raw(decision: RoutingDecision) -> list[dict[str, Any]]:
    """Return what the database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT candidates FROM leads_routingdecision WHERE id = %s", [decision.pk])
        return [json.loads(text) for (text,) in cursor.fetchall()]
