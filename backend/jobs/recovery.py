"""Jobs that a worker left when it died are handed out again: each worker looks for them (``worker.py``)."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Collection, Mapping

from django.conf import settings
from django.db import connection, transaction

from backend.jobs.failures import record_worker_deaths
from backend.jobs.retry import backoff_s
from workflows import clock

__all__ = ["WORKER_DEATHS_MAX", "recover_stalled_jobs"]

logger = logging.getLogger(__name__)

# A job under which worker after worker died is not handed out again: it is a dead letter.
WORKER_DEATHS_MAX = 10

# After the first death a job is handed out at once, for most are not to blame.  From the second one on it waits,
# ever longer: those that only ran beside the culprit then no longer run beside it.
FIRST_WAIT_S = 2
LONGEST_WAIT_S = 60

# SKIP LOCKED: two workers that look at the same time do not wait for each other, nor hand a job out twice.
_STALLED = """
SELECT job.id
FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
  AND (worker.id IS NULL OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => %s))
ORDER BY job.id
FOR UPDATE OF job SKIP LOCKED
"""
_HAND_OUT_AGAIN = """
SELECT procrastinate_retry_job_v2(id, retry_at, NULL, NULL, NULL)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS job (id, retry_at)
"""
_GIVE_UP = "SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM unnest(%s::bigint[]) AS id"


def recover_stalled_jobs() -> int:
    """Hand out again every job whose worker has died, and return how many; one statement where there are none.

    A worker has died when its heartbeat is older than ``settings.WORKER_DEAD_AFTER_S``, or it is gone.
    """
    with transaction.atomic():
        stalled = _lock_stalled()
        if stalled:
            deaths = record_worker_deaths(stalled)
            hopeless = {job_id for job_id, count in deaths.items() if count >= WORKER_DEATHS_MAX}
            _hand_out_again({job_id: deaths[job_id] for job_id in stalled if job_id not in hopeless})
            _give_up(hopeless)
    return len(stalled)


def _lock_stalled() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_STALLED, [settings.WORKER_DEAD_AFTER_S])
        return [job_id for (job_id,) in cursor.fetchall()]


def _hand_out_again(deaths: Mapping[int, int]) -> None:
    if deaths:
        logger.warning("Handing out again %d jobs of workers that died: %s", len(deaths), list(deaths))
        with connection.cursor() as cursor:
            cursor.execute(_HAND_OUT_AGAIN, [list(deaths), [_retry_at(count) for count in deaths.values()]])


def _retry_at(deaths: int) -> datetime.datetime | None:
    """Return when a job is tried again after so many workers died under it; None: at once."""
    if deaths <= 1:
        return None
    wait_s = backoff_s(deaths - 1, first_s=FIRST_WAIT_S, factor=2, longest_s=LONGEST_WAIT_S)
    return clock.now() + datetime.timedelta(seconds=wait_s)


def _give_up(job_ids: Collection[int]) -> None:
    if job_ids:
        logger.error("Giving up jobs under which %d workers died: %s", WORKER_DEATHS_MAX, sorted(job_ids))
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_UP, [sorted(job_ids)])
