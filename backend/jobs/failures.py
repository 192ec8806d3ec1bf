"""What went wrong with a job, kept where staff see it: its last error, and how many workers died under it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError, connection
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as ProcrastinateJob
from procrastinate.worker import Worker

from backend.jobs.models import JobError
from workflows import clock

__all__ = ["keep_last_error", "list_last_frames", "name_error", "record_error", "record_worker_deaths"]

logger = logging.getLogger(__name__)

MESSAGE_LENGTH_MAX = 2_000
FRAMES_MAX = 8

_COUNT_DEATHS = """
INSERT INTO jobs_joberror AS known (job_id, error_class, message, traceback, occurred_at, workers_died)
SELECT job_id, 'WorkerDied', 'The worker died while it ran the job.', '', %s, 1 FROM unnest(%s::bigint[]) AS job_id
ON CONFLICT (job_id) DO UPDATE SET
    error_class = EXCLUDED.error_class, message = EXCLUDED.message, traceback = '',
    occurred_at = EXCLUDED.occurred_at, workers_died = known.workers_died + 1
RETURNING job_id, workers_died
"""


def keep_last_error(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Run a job's task; when it fails, keep the error and log where it came from (a task middleware).

    The log names the error's class and, of the last attempt, its lines of code; never its message, nor the job's
    arguments: those may hold an address.  Raises: whatever the task raises.
    """
    try:
        return call_next()
    except Exception as error:
        _log_failure(context.job, error, is_last=_is_last_attempt(context.job, error, worker))
        if context.job.id is not None:
            _record_if_possible(context.job.id, error)
        raise


def record_error(job_id: int, error: Exception) -> None:
    """Keep an error as the job's last one, over the one before; one statement."""
    values = {
        "error_class": name_error(error)[:200],
        # PostgreSQL's texts hold no NUL.
        "message": str(error).replace("\0", "")[:MESSAGE_LENGTH_MAX],
        "traceback": "".join(list_last_frames(error)).replace("\0", ""),
        "occurred_at": clock.now(),
    }
    JobError.objects.bulk_create(
        [JobError(job_id=job_id, **values)],
        update_conflicts=True,
        unique_fields=["job"],
        update_fields=list(values),
    )


def record_worker_deaths(job_ids: Sequence[int]) -> dict[int, int]:
    """Note of each job that its worker died; return how many have, by job."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_DEATHS, [clock.now(), list(job_ids)])
        return dict(cursor.fetchall())


def _is_last_attempt(job: ProcrastinateJob, error: Exception, worker: Worker) -> bool:
    """Return whether the job is a dead letter now: nobody will try it again."""
    return worker.find_task(job.task_name).get_retry_exception(exception=error, job=job) is None


def _log_failure(job: ProcrastinateJob, error: Exception, *, is_last: bool) -> None:
    facts = (job.id, job.task_name, job.attempts + 1, name_error(error))
    if is_last:
        frames = "".join(list_last_frames(error)).rstrip()
        logger.error("Job %s (%s) failed for good at attempt %d: %s\n%s", *facts, frames)
    else:
        logger.warning("Job %s (%s) failed at attempt %d, to be tried again: %s", *facts)


def _record_if_possible(job_id: int, error: Exception) -> None:
    """Record; where the database itself is the trouble, the job's own error is worth more than the second one."""
    try:
        record_error(job_id, error)
    except DatabaseError as second:
        logger.warning("The error of job %d could not be kept: %s", job_id, name_error(second))


def name_error(error: BaseException) -> str:
    """Return the class of an error with its module, for a log: unlike its message it holds nobody's data."""
    module = type(error).__module__
    return type(error).__qualname__ if module == "builtins" else f"{module}.{type(error).__qualname__}"


def list_last_frames(error: BaseException) -> list[str]:
    """Return the last frames of an error, from the task on: what calls every task says nothing of this one."""
    frames = traceback.extract_tb(error.__traceback__)
    calling = [number for number, frame in enumerate(frames) if "/procrastinate/" in frame.filename]
    return traceback.format_list(frames[max(calling, default=-1) + 1 :][-FRAMES_MAX:])
