"""What staff do with jobs: retry what failed, cancel what waits."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from backend.jobs.models import JobError

__all__ = ["cancel_jobs", "retry_jobs"]

# Locked in the order of their ids: two who do this at once wait for each other instead of deadlocking, and whoever
# comes second sees what the first has done.
_LOCK = "SELECT id FROM procrastinate_jobs WHERE id = ANY(%s) AND status = %s ORDER BY id FOR UPDATE"
_RETRY = "SELECT procrastinate_retry_job_v2(id, NULL, NULL, NULL, NULL) FROM unnest(%s::bigint[]) AS id"
_START_COUNTING_ANEW = "UPDATE procrastinate_jobs SET attempts = 0 WHERE id = ANY(%s)"
_CANCEL = "SELECT procrastinate_cancel_job_v1(id, false, false) FROM unnest(%s::bigint[]) AS id"


def retry_jobs(job_ids: Iterable[int]) -> list[int]:
    """Hand out again those of the jobs that failed, with all their attempts, and return their ids.

    Those that did not fail, or no longer are failed, stay as they are.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(job_ids), "failed"])
        failed = [job_id for (job_id,) in cursor.fetchall()]
        if failed:
            cursor.execute(_RETRY, [failed])
            cursor.execute(_START_COUNTING_ANEW, [failed])
            JobError.objects.filter(job_id__in=failed).update(workers_died=0)
    return failed


def cancel_jobs(job_ids: Iterable[int]) -> list[int]:
    """Cancel those of the jobs that wait, and return their ids; one that runs already runs on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(job_ids), "todo"])
        waiting = [job_id for (job_id,) in cursor.fetchall()]
        if waiting:
            cursor.execute(_CANCEL, [waiting])
    return waiting
