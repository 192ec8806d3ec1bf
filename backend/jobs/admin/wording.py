"""A job in words: its task, its state, when it ran, what it is about."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from backend.jobs.models import JobError, JobStatus
from backend.jobs.priorities import Priority
from workflows import clock
from workflows.admin.durations import describe_age, describe_duration

__all__ = [
    "describe_error",
    "describe_priority",
    "describe_task",
    "describe_time",
    "in_time_element",
    "status_badge",
]

ERROR_LENGTH_MAX = 120

# The classes of `workflows/admin.css`; the word in the badge says it to whoever sees no colours.
_TONES = {"failed": "bad", "succeeded": "good", "todo": "neutral", "doing": "neutral"}


def describe_task(name: str) -> str:
    """Return what a task says of itself, up to "every minute"; its name when no app declares it any more."""
    task = app.tasks.get(name)
    text = (task.func.__doc__ or "").strip().splitlines() if task else []
    return text[0].partition(": ")[0].rstrip(".") if text else name


def describe_priority(priority: int) -> str:
    """Return the word for a priority, or the number that has none."""
    words = {
        Priority.URGENT: _("Urgent"),
        Priority.SOON: _("Soon"),
        Priority.NORMAL: _("Normal"),
        Priority.LOW: _("Low"),
    }
    return {int(known): word for known, word in words.items()}.get(priority, str(priority))


def describe_error(error: JobError) -> str:
    """Return an error in one line: the class without its module, and the beginning of the message."""
    text = f"{error.error_class.rpartition('.')[2]}: {' '.join(error.message.split())}".rstrip(": ")
    return text if len(text) <= ERROR_LENGTH_MAX else f"{text[: ERROR_LENGTH_MAX - 1]}…"


def status_badge(status: str) -> SafeString:
    """Return a state as a badge: the word, in the colour of its tone."""
    tone = _TONES.get(status, "muted")
    return format_html('<span class="wf-badge wf-tone-{}">{}</span>', tone, JobStatus(status).label)


def describe_time(job: Any) -> SafeString:
    """Return what there is to say of the times of a job of ``selectors.with_times``, by its state."""
    now = clock.now()
    if job.status == JobStatus.TODO:
        if job.scheduled_at and job.scheduled_at > now:
            return _in_words(_("due in %s"), job.scheduled_at - now, job.scheduled_at)
        return _in_words(_("waits for %s"), now - (job.waits_since or now), job.waits_since)
    if job.status == JobStatus.DOING:
        return _in_words(_("runs for %s"), now - (job.started_at or now), job.started_at)
    return _describe_end(job)


def _describe_end(job: Any) -> SafeString:
    if job.ended_at is None:
        return SafeString("")
    ago = in_time_element(describe_age(clock.now() - job.ended_at), job.ended_at)
    if job.started_at is None or job.status == JobStatus.CANCELLED:
        return ago
    return format_html(
        "<span>{} · {}</span>", ago, _("ran for %s") % describe_duration(job.ended_at - job.started_at)
    )


def _in_words(words: str, duration: datetime.timedelta, moment: datetime.datetime | None) -> SafeString:
    return in_time_element(words % describe_duration(duration), moment)


def in_time_element(words: str, moment: datetime.datetime | None) -> SafeString:
    """Return words about a moment that show it exactly when pointed at."""
    if moment is None:
        return format_html("{}", words)
    exact = date_format(timezone.localtime(moment), "j M Y H:i:s T")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, words)
