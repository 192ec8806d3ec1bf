"""Filters of the list of jobs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from backend.jobs.models import Job, JobStatus, Worker
from backend.jobs.selectors import count_by_status, enqueued_since, is_due, is_tick, lives
from workflows import clock

__all__ = ["AliveFilter", "DueFilter", "EnqueuedFilter", "StatusFilter", "TaskFilter", "TicksFilter"]


class StatusFilter(admin.SimpleListFilter):
    """The states, with how many jobs there are in each; the dead letters first."""

    title = _("state")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states with their counts."""
        counts = count_by_status()
        return [(value, f"{label} ({counts[value]})") for value, label in JobStatus.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs in the chosen state."""
        return queryset.filter(status=self.value()) if self.value() in JobStatus.values else queryset


class TicksFilter(admin.SimpleListFilter):
    """Whether to show the ticks of periodic tasks that went well: thousands a day, of which nobody asks."""

    title = _("ticks of periodic tasks")
    parameter_name = "ticks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice beside the usual one."""
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices; the first one is what Django calls "All"."""
        usual, *others = super().choices(changelist)
        yield {**usual, "display": _("All but those that are done")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs without such ticks, or all."""
        return queryset if self.value() == "all" else queryset.exclude(is_tick(), status=JobStatus.SUCCEEDED)


class TaskFilter(admin.SimpleListFilter):
    """The tasks that are declared now."""

    title = _("task")
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the names of the tasks; those of procrastinate itself are not used."""
        return [(name, name) for name in sorted(app.tasks) if "procrastinate" not in name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs of the chosen task."""
        return queryset.filter(task_name=self.value()) if self.value() else queryset


class DueFilter(admin.SimpleListFilter):
    """Whether a job could run now; others wait for their time."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("now", _("Now"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs that wait for a worker alone, or all."""
        return queryset.filter(is_due()) if self.value() == "now" else queryset


class AliveFilter(admin.SimpleListFilter):
    """Whether a worker lives."""

    title = _("state")
    parameter_name = "alive"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return [("yes", _("Alive")), ("no", _("Silent"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Worker]) -> QuerySet[Worker]:
        """Return the workers in the chosen state, or all."""
        chosen = {"yes": lives(), "no": ~lives()}.get(self.value() or "")
        return queryset.filter(chosen) if chosen else queryset


class EnqueuedFilter(admin.SimpleListFilter):
    """When a job was enqueued."""

    title = _("enqueued")
    parameter_name = "enqueued"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the spans of time."""
        return [("hour", _("In the last hour")), ("today", _("Today")), ("week", _("In the last 7 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs of the chosen span."""
        now = clock.now()
        since = {
            "hour": now - datetime.timedelta(hours=1),
            "today": timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0),
            "week": now - datetime.timedelta(days=7),
        }.get(self.value() or "")
        return enqueued_since(queryset, since) if since else queryset
