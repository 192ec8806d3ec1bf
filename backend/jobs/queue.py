"""Enqueue: a job is written with the change that needs it, so that neither is ever there without the other.

A task is declared in an app's ``tasks.py`` and enqueued by its name, because what enqueues (a service) lies below
what runs (a task, which calls services)::

    @app.task(name="notifications.plan_deliveries", retry=Backoff())
    def plan_deliveries(*, notification_ids: list[int]) -> None: ...

    enqueue("notifications.plan_deliveries", notification_ids=[7])

A task may run twice (a worker that died after the work and before it said so), and late: it must bear both.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import JobDeferrer
from procrastinate.manager import JobManager

__all__ = ["enqueue", "enqueue_many"]

# Jobs are written over Django's connection of the calling thread, hence in its transaction.  In a worker the app's
# own connector is another one (procrastinate replaces it): what a task enqueued over that one would be there at
# once, before the task's transaction is committed and even if it is rolled back.
_manager = JobManager(DjangoConnector())


def enqueue(
    task: str, *, run_at: datetime.datetime | None = None, lock: str | None = None, **arguments: Any
) -> int:
    """Enqueue one job in the running transaction and return its id: one statement.

    ``run_at`` None: as soon as the transaction is committed.  Of jobs with the same ``lock`` one runs at a time, in
    the order of their ids.

    Raises: procrastinate.exceptions.TaskNotFound when no app declares such a task.
    """
    return enqueue_many(task, [arguments], run_at=run_at, lock=lock)[0]


def enqueue_many(
    task: str,
    arguments: Iterable[Mapping[str, Any]],
    *,
    run_at: datetime.datetime | None = None,
    lock: str | None = None,
) -> list[int]:
    """Enqueue a job for each set of arguments: one statement for all, none for nothing.

    Raises: procrastinate.exceptions.TaskNotFound when no app declares such a task.
    """
    jobs = [dict(each) for each in arguments]
    if not jobs:
        return []
    options: dict[str, Any] = {"lock": lock} if lock else {}
    if run_at is not None:
        options["schedule_at"] = run_at
    template = app.configure_task(task, allow_unknown=False, **options).job
    return JobDeferrer(_manager, template).batch_defer(*jobs)
