"""The figures of runs: how many of their objects wait, moved, stayed, failed, and why."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Min, OuterRef, Q, Subquery

from backend.bulk.choices import Outcome, Outlook
from backend.bulk.models import BulkItem, BulkRun
from backend.jobs.models import Job
from workflows import clock

__all__ = [
    "Consents",
    "Figures",
    "Forecast",
    "Reason",
    "count_moving",
    "count_outcomes",
    "estimate_time_left",
    "has_live_jobs",
    "list_forecast",
    "list_reasons",
]

Consents: TypeAlias = frozenset[str]
FIRST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """How many objects of a run are where; ``done_lately`` of them since it is in its present state."""

    waiting: int = 0
    moved: int = 0
    stays: int = 0
    failed: int = 0
    unseen: int = 0
    done_lately: int = 0

    @property
    def total(self) -> int:
        """Return how many there are."""
        return self.waiting + self.moved + self.stays + self.failed

    @property
    def done(self) -> int:
        """Return how many have had their turn."""
        return self.total - self.waiting

    @property
    def seen(self) -> int:
        """Return how many were looked at before the run."""
        return self.total - self.unseen


@dataclass(frozen=True, slots=True)
class Forecast:
    """Objects of which the same is expected for the same reasons; ``first_ids`` are the first of them."""

    outlook: str
    reason: str
    lifted_by: str
    count: int
    message: str
    has_one_message: bool
    first_ids: tuple[int, ...]

    @property
    def consents(self) -> Consents:
        """Return the consents with which they would move; none when nothing can be done here."""
        return frozenset(filter(None, self.lifted_by.split(",")))

    def moves_with(self, given: Consents) -> bool:
        """Return whether they move when these consents are given."""
        return self.outlook == Outlook.MOVES or bool(self.consents and self.consents <= given)


@dataclass(frozen=True, slots=True)
class Reason:
    """Objects with the same outcome for the same reasons; ``message`` is that of one of them."""

    outcome: str
    reason: str
    count: int
    message: str
    has_one_message: bool


def count_outcomes(runs: Iterable[BulkRun]) -> dict[int, Figures]:
    """Return the figures of runs by their id: one statement for all."""
    since = BulkRun.objects.filter(pk=OuterRef("run")).values("state_since")
    rows: Any = (
        BulkItem.objects.filter(run__in=[run.pk for run in runs])
        .order_by()
        .values("run")
        .annotate(
            **{outcome: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome.values},
            unseen=Count("pk", filter=Q(outlook=Outlook.UNKNOWN)),
            done_lately=Count("pk", filter=Q(done_at__gt=Subquery(since))),
        )
    )
    return {row.pop("run"): Figures(**row) for row in rows}


def list_forecast(run: BulkRun) -> list[Forecast]:
    """Return what is expected of a run's objects, those that move first, then the most frequent reasons."""
    rows = (
        run.items.exclude(outlook=Outlook.UNKNOWN)
        .order_by()
        .values("outlook", "reason", "lifted_by")
        .annotate(
            count=Count("pk"),
            example=Min("message"),
            messages=Count("message", distinct=True),
            ids=ArrayAgg("object_id", order_by="id"),
        )
        .order_by("outlook", "-count", "reason")
    )
    return [
        Forecast(
            outlook=row["outlook"],
            reason=row["reason"],
            lifted_by=row["lifted_by"],
            count=row["count"],
            message=row["example"],
            has_one_message=row["messages"] <= 1,
            first_ids=tuple(row["ids"][:FIRST_SHOWN]),
        )
        for row in rows
    ]


def count_moving(forecast: Iterable[Forecast], given: Consents) -> int:
    """Return how many would move with these consents."""
    return sum(group.count for group in forecast if group.moves_with(given))


def list_reasons(run: BulkRun) -> list[Reason]:
    """Return why objects stayed or failed, the most frequent reason first."""
    rows = (
        run.items.filter(outcome__in=[Outcome.STAYS, Outcome.FAILED])
        .order_by()
        .values("outcome", "reason")
        .annotate(count=Count("pk"), example=Min("message"), messages=Count("message", distinct=True))
        .order_by("outcome", "-count", "reason")
    )
    return [
        Reason(row["outcome"], row["reason"], row["count"], row["example"], row["messages"] <= 1)
        for row in rows
    ]


def has_live_jobs(run: BulkRun) -> bool:
    """Return whether a job of the run waits or runs."""
    tasks = ["bulk.judge_slice", "bulk.run_slice"]
    live = Job.objects.filter(task_name__in=tasks, status__in=["todo", "doing"])
    return live.filter(args__run_id=run.pk).exists()


def estimate_time_left(run: BulkRun, figures: Figures) -> tuple[float, datetime.timedelta | None]:
    """Return how many objects a second have had their turn since the run is in its state, and how long the rest takes.

    None: nothing is known yet.
    """
    spent_s = (clock.now() - run.state_since).total_seconds()
    done = figures.seen if run.status == BulkRun.Status.PLANNING else figures.done_lately
    left = figures.unseen if run.status == BulkRun.Status.PLANNING else figures.waiting
    rate = done / spent_s if spent_s > 0 else 0.0
    return rate, datetime.timedelta(seconds=left / rate) if rate else None
