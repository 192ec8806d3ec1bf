"""The page of one job: what it is, its last error, and what happened to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent

from backend.jobs.admin.arguments import describe_arguments
from backend.jobs.admin.wording import (
    describe_priority,
    describe_task,
    describe_time,
    in_time_element,
    status_badge,
)
from backend.jobs.models import JobError, JobStatus
from workflows import clock
from workflows.admin.durations import describe_age, describe_duration

__all__ = ["Event", "Panel", "build_panel"]

EVENTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline: ``when`` in words, ``after`` the time since the one before ("": the first)."""

    label: str
    tone: str
    when: SafeString
    after: str


@dataclass(frozen=True, slots=True)
class Panel:
    """All that the page says; ``facts`` are (name, value), ``note`` is there when something is odd."""

    badge: SafeString
    task: str
    when: SafeString
    facts: list[tuple[str, Any]]
    error: JobError | None
    error_when: SafeString
    note: str
    events: list[Event]


def build_panel(job: Any, request: HttpRequest) -> Panel:
    """Return the page of a job of ``selectors.with_times``; one statement."""
    error = getattr(job, "error", None)
    return Panel(
        badge=status_badge(job.status),
        task=describe_task(job.task_name),
        when=describe_time(job),
        facts=_facts(job, request),
        error=error,
        error_when=_ago(error.occurred_at) if error else SafeString(""),
        note=_note(job, error),
        events=list(_events(job)),
    )


def _facts(job: Any, request: HttpRequest) -> list[tuple[str, Any]]:
    worker = f"#{job.worker_id}" if job.status == JobStatus.DOING and job.worker_id else ""
    facts = [
        (_("Task"), job.task_name),
        (_("Arguments"), describe_arguments(job.args, request) or "—"),
        (_("Attempts"), job.attempts),
        (_("Priority"), describe_priority(job.priority)),
        (_("Queue"), job.queue_name),
        (_("Worker"), worker),
        (_("Lock"), job.lock),
    ]
    return [(name, value) for name, value in facts if value not in ("", None)]


def _note(job: Any, error: JobError | None) -> str:
    if job.task_name not in app.tasks:
        return _("No app declares this task: it fails until one does.")
    if job.status == JobStatus.FAILED and error is None:
        return _("No error was kept: the database was away when it failed.")
    return ""


def _events(job: Any) -> Iterator[Event]:
    """Yield what happened, oldest first; "scheduled" is a time to come, not an event."""
    events = ProcrastinateEvent.objects.filter(job_id=job.pk).exclude(type="scheduled").order_by("id")
    before: datetime.datetime | None = None
    for event in events[:EVENTS_MAX]:
        label, tone = _labels().get(event.type, (event.type, "muted"))
        after = describe_duration(event.at - before) if before else ""
        yield Event(label=label, tone=tone, when=_ago(event.at), after=after)
        before = event.at


def _labels() -> dict[str, tuple[str, str]]:
    return {
        "deferred": (_("Enqueued"), "neutral"),
        "started": (_("Started"), "neutral"),
        "deferred_for_retry": (_("Failed or lost its worker; to be tried again"), "bad"),
        "failed": (_("Failed for good"), "bad"),
        "succeeded": (_("Done"), "good"),
        "cancelled": (_("Cancelled"), "muted"),
        "abort_requested": (_("Asked to stop"), "muted"),
        "aborted": (_("Stopped"), "muted"),
        "retried": (_("Retried by hand"), "neutral"),
    }


def _ago(moment: datetime.datetime) -> SafeString:
    return in_time_element(describe_age(clock.now() - moment), moment)
