"""Runs that are kept: what is new in one, which is the latest, and when they are forgotten."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import pytest

from workflows import clock
from workflows.invariants import runs
from workflows.invariants.runs import find_latest_run, find_news, forget_old_runs, is_overdue, run_audit
from workflows.invariants.tests.planting import plant
from workflows.models import AuditRun
from workflows.tests.factories import make_parcel
from workflows.tests.toyapp.models import Parcel

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
L1, L3 = "toyapp.parcel.state_is_that_of_the_last_event", "toyapp.parcel.events_are_numbered_without_a_gap"


def lose(parcel: Parcel) -> None:
    plant("UPDATE toyapp_parcel SET status = 'lost' WHERE id = %s", parcel.pk)


def result_of(run: AuditRun, name: str = L1) -> Mapping[str, object]:
    return next(result for result in run.results if result["name"] == name)


class TestRun:
    def test_keeps_what_it_found(self) -> None:
        parcel, _other = make_parcel(), make_parcel()
        lose(parcel)
        with clock.at(NOON):
            run = run_audit()
        run.refresh_from_db()
        assert (run.started_at, run.violations, run.news) == (NOON, 1, 1)
        assert result_of(run) | {"took_ms": 0} == {
            "name": L1,
            "code": "L1",
            "count": 1,
            "ids": [parcel.pk],
            "took_ms": 0,
        }
        assert run.took.total_seconds() > 0
        assert find_latest_run() == run

    def test_tells_of_a_finding_once(self) -> None:
        told: list[Mapping[str, int]] = []
        first, second, third = (make_parcel() for _number in range(3))
        for violator in (None, first, None, second, third):
            if violator:
                lose(violator)
            run_audit(tell=lambda run, news: told.append({**news, "all": run.violations}))
        assert told == [{L1: 1, "all": 1}, {L1: 1, "all": 2}, {L1: 1, "all": 3}]
        assert [run.news for run in AuditRun.objects.order_by("pk")] == [0, 1, 0, 1, 1]

    def test_tells_again_of_what_was_mended_and_came_back(self) -> None:
        parcel = make_parcel()
        lose(parcel)
        run_audit()
        plant("UPDATE toyapp_parcel SET status = 'packed' WHERE id = %s", parcel.pk)
        run_audit()
        lose(parcel)
        assert run_audit().news == 1

    def test_is_not_kept_when_it_cannot_be_told(self) -> None:
        lose(make_parcel())

        def fail(run: AuditRun, news: Mapping[str, int]) -> None:
            raise RuntimeError("no way to tell")

        with pytest.raises(RuntimeError):
            run_audit(tell=fail)
        assert not AuditRun.objects.exists()


class TestNews:
    def news(self, before: tuple[int, list[int]], now: tuple[int, list[int]]) -> dict[str, int]:
        previous = AuditRun(results=[{"name": L1, "count": before[0], "ids": before[1]}])
        return find_news([{"name": L1, "count": now[0], "ids": now[1]}], previous=previous)

    @pytest.mark.parametrize(
        ("before", "now", "count"),
        [
            ((2, [1, 2]), (2, [1, 2]), 0),
            ((2, [1, 2]), (2, [1, 3]), 1),
            ((2, [1, 2]), (0, []), 0),
            ((0, []), (2, [1, 2]), 2),
            ((9, [1, 2]), (8, [2, 3]), 0),
            ((9, [1, 2]), (12, [1, 2]), 3),
            ((2, [1, 2]), (12, [1, 2]), 10),
        ],
    )
    def test_are_told_by_ids_where_all_are_kept_and_else_by_their_number(
        self, before: tuple[int, list[int]], now: tuple[int, list[int]], count: int
    ) -> None:
        assert self.news(before, now) == ({L1: count} if count else {})

    def test_of_an_invariant_that_was_not_examined_before_are_all(self) -> None:
        previous = AuditRun(results=[{"name": L3, "count": 0, "ids": []}])
        assert find_news([{"name": L1, "count": 4, "ids": [1, 2, 3, 4]}], previous=previous) == {L1: 4}


class TestLatest:
    def test_is_overdue_after_two_hours_or_when_there_was_none(self) -> None:
        assert is_overdue(find_latest_run())
        with clock.at(NOON):
            run = run_audit()
        for hours, overdue in [(2, False), (2.1, True)]:
            with clock.at(NOON + hours * HOUR):
                assert is_overdue(run) is overdue

    def test_is_read_with_one_statement(self, django_assert_num_queries) -> None:
        run_audit()
        with django_assert_num_queries(1):
            find_latest_run()


class TestOldRuns:
    def test_are_forgotten(self) -> None:
        for day in (0, 1):
            with clock.at(NOON + day * 24 * HOUR):
                run_audit()
        with clock.at(NOON + runs.KEPT_FOR + HOUR):
            assert forget_old_runs() == 1
        assert AuditRun.objects.get().started_at == NOON + 24 * HOUR
