"""Look after runs whose jobs have given up or were cancelled: no run waits for ever for work that nobody does."""

from __future__ import annotations

import logging

from backend.bulk.choices import Outcome
from backend.bulk.models import BulkRun
from backend.bulk.selectors import has_live_jobs
from backend.bulk.services import running, slices
from workflows import clock

__all__ = ["look_after_runs"]

logger = logging.getLogger(__name__)

ABANDONED = "abandoned"


def look_after_runs() -> None:
    """Account for every run that is under way and has no job left."""
    for run in BulkRun.objects.filter(status__in=[BulkRun.Status.PLANNING, BulkRun.Status.RUNNING]):
        if has_live_jobs(run):
            continue
        logger.warning("Bulk run %d is '%s' and has no job left", run.pk, run.status)
        if run.status == BulkRun.Status.PLANNING:
            slices.enqueue_unseen(run)
        else:
            _account_for(run)


def _account_for(run: BulkRun) -> None:
    """Call what still waits a failure, so that it is seen and can be retried; then end the run."""
    run.items.filter(outcome=Outcome.WAITING).update(
        outcome=Outcome.FAILED,
        reason=ABANDONED,
        message="Its job was cancelled, or gave up: worker after worker died under it.",
        done_at=clock.now(),
    )
    running.finish_if_done(run)
