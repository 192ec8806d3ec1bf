"""How PostgreSQL reads a page of the audit list: from the end of the index of each filter, without sorting."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from workflows import TransitionRecord
from workflows.admin.audit_list.paging import count_capped, read_page
from workflows.tests.factories import make_parcel
from workflows.tests.toyapp.models import Parcel

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def plan_of_page(condition: Q, *, is_by_time: bool = False, before: int | None = None) -> str:
    """Return the plan of the innermost query of a page, the one that finds its events."""
    with CaptureQueriesContext(connection) as queries:
        read_page(TransitionRecord.objects.filter(condition), is_by_time=is_by_time, before=before, size=50)
    sql = queries[-1]["sql"]
    begin = sql.index("IN (SELECT") + len("IN (")
    found = sql[begin : sql.index(" LIMIT 51)") + len(" LIMIT 51")]
    with connection.cursor() as cursor:
        # On a table as small as this one reading all of it is always best; how a large one is read is asked.
        for switch in (
            "enable_seqscan",
            "enable_bitmapscan",
            "enable_sort",
            "enable_hashjoin",
            "enable_mergejoin",
        ):
            cursor.execute(f"SET LOCAL {switch} = off")
        cursor.execute(f"EXPLAIN {found}")
        return "\n".join(row[0] for row in cursor.fetchall())


class TestPage:
    @pytest.mark.parametrize(
        ("condition", "index"),
        [
            (Q(), "workflows_transitionrecord_pkey"),
            (Q(machine="toyapp.parcel"), "event_by_machine"),
            (Q(actor="system:timer"), "event_by_actor"),
            (Q(channel="admin"), "event_by_channel"),
        ],
    )
    @pytest.mark.parametrize("before", [None, 1_000_000])
    def test_is_read_backwards_from_the_index_of_its_filter(
        self, condition: Q, index: str, before: int | None
    ) -> None:
        plan = plan_of_page(condition, before=before)

        assert f"Scan Backward using {index}" in plan
        assert "Sort" not in plan

    def test_of_a_transition_is_read_from_the_log(self) -> None:
        parcels = ContentType.objects.get_for_model(Parcel)

        plan = plan_of_page(Q(log__content_type=parcels, log__transition="send"))

        assert "Scan Backward using statelog_by_transition" in plan
        assert "Sort" not in plan

    def test_of_a_span_of_days_is_read_from_the_index_on_time(self) -> None:
        plan = plan_of_page(Q(log__timestamp__gte=NOON), is_by_time=True)

        assert "Scan Backward using statelog_by_time" in plan
        assert 'Index Cond: ("timestamp" >=' in plan


class TestCount:
    def test_stops_where_it_says_more_than(self) -> None:
        make_parcel()
        with CaptureQueriesContext(connection) as queries:
            assert count_capped(TransitionRecord.objects.all(), most=10_000) == 1

        (query,) = queries
        assert query["sql"].endswith("LIMIT 10001) subquery")
