"""Reading jobs and workers: when what happened, how much waits, who works."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent

from backend.jobs.models import Job, JobStatus, Worker
from workflows import clock

__all__ = [
    "QueueSummary",
    "count_by_status",
    "enqueued_since",
    "is_alive",
    "is_due",
    "is_tick",
    "list_waiting_arguments",
    "list_workers",
    "lives",
    "summarize_queue",
    "with_times",
]

_HANDED_OUT = ("deferred", "deferred_for_retry", "retried")
_ENDED = ("succeeded", "failed", "cancelled", "aborted")


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """How things stand: of the jobs that are due, since when the first one waits (None: none does)."""

    waiting: int
    oldest_waits_since: datetime.datetime | None
    failed: int
    workers_alive: int
    workers_silent: int


def with_times(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Add ``waits_since``, ``started_at`` and ``ended_at`` of the last time; with the rows, no statement more.

    ``waits_since`` is when a job was handed out or, where it was to wait, when it was due.
    """
    return jobs.annotate(
        waits_since=Greatest(_last(*_HANDED_OUT), F("scheduled_at")),
        started_at=_last("started"),
        ended_at=_last(*_ENDED),
    )


def enqueued_since(jobs: QuerySet[Job], moment: datetime.datetime) -> QuerySet[Job]:
    """Return those of the jobs that were enqueued at a moment or later."""
    return jobs.filter(
        Exists(ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type="deferred", at__gte=moment))
    )


def count_by_status() -> dict[str, int]:
    """Return how many jobs there are in each state; one statement."""
    counts = dict(Job.objects.order_by().values_list("status").annotate(Count("pk")))
    return {status: counts.get(status, 0) for status in JobStatus.values}


def summarize_queue() -> QueueSummary:
    """Return how things stand; two statements."""
    due = is_due()
    jobs = Job.objects.filter(status__in=["todo", "failed"]).aggregate(
        waiting=Count("pk", filter=due),
        failed=Count("pk", filter=Q(status="failed")),
        oldest=Min(Coalesce(F("scheduled_at"), _last(*_HANDED_OUT)), filter=due),
    )
    workers = Worker.objects.aggregate(alive=Count("pk", filter=lives()), known=Count("pk"))
    return QueueSummary(
        waiting=jobs["waiting"],
        oldest_waits_since=jobs["oldest"],
        failed=jobs["failed"],
        workers_alive=workers["alive"],
        workers_silent=workers["known"] - workers["alive"],
    )


def list_waiting_arguments(task: str) -> list[dict[str, Any]]:
    """Return the arguments of the jobs of a task that have not begun, those due later too."""
    return list(Job.objects.filter(task_name=task, status=JobStatus.TODO).values_list("args", flat=True))


def list_workers() -> QuerySet[Worker]:
    """Return the workers with ``job_ids``, those that each has in hand (None: none)."""
    workers: QuerySet[Worker] = Worker.objects.annotate(
        job_ids=ArrayAgg("procrastinatejob", filter=Q(procrastinatejob__status="doing"), default=None)
    )
    return workers


def is_due() -> Q:
    """Return the condition that a job waits for a worker alone: its time has come."""
    return Q(status="todo") & (Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=clock.now()))


def lives() -> Q:
    """Return the condition that a worker has said in time that it lives."""
    return Q(last_heartbeat__gte=_dead_before())


def is_tick() -> Q:
    """Return the condition that a job is a tick of a periodic task."""
    return Q(task_name__in=sorted({name for name, _periodic_id in app.periodic_registry.periodic_tasks}))


def is_alive(worker: Worker) -> bool:
    """Return whether a worker has said in time that it lives."""
    return worker.last_heartbeat >= _dead_before()


def _dead_before() -> datetime.datetime:
    return clock.now() - datetime.timedelta(seconds=settings.WORKER_DEAD_AFTER_S)


def _last(*types: str) -> Subquery:
    """Return when the last event of some types was, of the job of the outer statement."""
    events = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type__in=types).order_by("-id")
    return Subquery(events.values("at")[:1])
