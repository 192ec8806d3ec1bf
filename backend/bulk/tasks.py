"""The jobs of bulk runs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from backend.bulk.services import judging, running, sweeping
from backend.jobs.alone import unless_running
from backend.jobs.priorities import Priority
from backend.jobs.retry import Backoff

__all__ = ["judge_slice", "look_after_runs", "run_slice"]


@app.task(name="bulk.judge_slice", priority=Priority.NORMAL, retry=Backoff())
def judge_slice(*, run_id: int, first: int, last: int) -> None:
    """Look at some objects of a run: somebody waits for the preview."""
    judging.judge_slice(run_id, first=first, last=last)


@app.task(name="bulk.run_slice", priority=Priority.LOW, retry=Backoff())
def run_slice(*, run_id: int, first: int, last: int) -> None:
    """Run the transition on some objects of a run."""
    running.run_slice(run_id, first=first, last=last)


@app.periodic(cron="* * * * *")
@app.task(name="bulk.look_after_runs", priority=Priority.NORMAL)
@unless_running
def look_after_runs(timestamp: int) -> None:
    """Account for runs whose jobs are gone: every minute."""
    sweeping.look_after_runs()
