"""The jobs that look after jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from backend.jobs import pruning
from backend.jobs.priorities import Priority

__all__ = ["prune_finished_jobs"]


@app.periodic(cron="17 * * * *")
@app.task(name="jobs.prune_finished_jobs", priority=Priority.LOW)
def prune_finished_jobs(timestamp: int) -> None:
    """Forget jobs that finished long ago: every hour."""
    pruning.prune_finished_jobs()
