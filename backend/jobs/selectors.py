"""Reading the queue."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from procrastinate.contrib.django.models import ProcrastinateJob

__all__ = ["list_waiting_arguments"]


def list_waiting_arguments(task: str, *, due_at: datetime.datetime | None = None) -> list[dict[str, Any]]:
    """Return the arguments of the jobs of a task that have not begun; with ``due_at`` of those due by then."""
    jobs = ProcrastinateJob.objects.filter(task_name=task, status="todo")
    if due_at is not None:
        jobs = jobs.filter(Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=due_at))
    return list(jobs.values_list("args", flat=True))
