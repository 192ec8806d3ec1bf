"""What a worker that died left behind, and what finished long ago."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection

__all__ = ["prune_finished_jobs", "recover_stalled_jobs"]

logger = logging.getLogger(__name__)

# A job under which worker after worker died is not handed out again: it is a dead letter.
RECOVERIES_MAX = 10
KEPT_FOR_DAYS = 2

# SKIP LOCKED: two workers that recover at the same time do not wait for each other, nor hand a job out twice.
_STALLED = """
SELECT job.id, job.attempts
FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
  AND (worker.id IS NULL OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => %s))
ORDER BY job.id
FOR UPDATE OF job SKIP LOCKED
"""
_HAND_OUT_AGAIN = (
    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM unnest(%s::bigint[]) AS id"
)
_GIVE_UP = "SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM unnest(%s::bigint[]) AS id"

# What failed stays until somebody has looked at it.
_PRUNE = """
DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'cancelled', 'aborted') AND id IN (
    SELECT job_id FROM procrastinate_events
    WHERE type IN ('succeeded', 'cancelled', 'aborted') AND at < now() - make_interval(days => %s)
)
"""


def recover_stalled_jobs() -> int:
    """Hand out again every job whose worker has died, and return how many; one statement where there are none.

    A worker has died when its heartbeat is older than ``settings.WORKER_DEAD_AFTER_S``, or it is gone.
    """
    with connection.cursor() as cursor:
        # One statement at a time: whatever is done twice is refused by the functions of procrastinate.
        cursor.execute(_STALLED, [settings.WORKER_DEAD_AFTER_S])
        stalled: list[tuple[int, int]] = cursor.fetchall()
        hopeless = [job_id for job_id, attempts in stalled if attempts >= RECOVERIES_MAX]
        others = [job_id for job_id, attempts in stalled if attempts < RECOVERIES_MAX]
        if others:
            logger.warning("Handing out again %d jobs of workers that died: %s", len(others), others)
            cursor.execute(_HAND_OUT_AGAIN, [others])
        if hopeless:
            logger.error("Giving up jobs under which %d workers died: %s", RECOVERIES_MAX, hopeless)
            cursor.execute(_GIVE_UP, [hopeless])
    return len(stalled)


def prune_finished_jobs() -> int:
    """Delete jobs that finished more than ``KEPT_FOR_DAYS`` days ago, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, [KEPT_FOR_DAYS])
        pruned: int = cursor.rowcount
    return pruned
