"""The jobs that look after jobs."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app

from backend.jobs import recovery
from backend.jobs.priorities import Priority

__all__ = ["prune_finished_jobs", "recover_stalled_jobs"]


@app.periodic(cron="* * * * * */10")
@app.task(name="jobs.recover_stalled_jobs", priority=Priority.URGENT)
def recover_stalled_jobs(timestamp: int) -> None:
    """Hand out again what dead workers left: every ten seconds.

    It has no lock: one that a dead worker held would keep it from running.
    """
    with transaction.atomic():
        recovery.recover_stalled_jobs()


@app.periodic(cron="17 * * * *")
@app.task(name="jobs.prune_finished_jobs", priority=Priority.LOW)
def prune_finished_jobs(timestamp: int) -> None:
    """Forget what finished long ago: every hour."""
    recovery.prune_finished_jobs()
