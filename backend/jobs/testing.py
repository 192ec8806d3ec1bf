"""For tests: run what is due, here and now, in the test's own connection; bring jobs to a status."""

from __future__ import annotations

from typing import Any

from django.db import connection
from procrastinate.contrib.django import app

from backend.jobs.models import Job
from workflows import clock

__all__ = ["begin_job", "end_job", "list_jobs", "run_due_jobs"]

JOBS_MAX = 10_000


def list_jobs(task: str = "", *, status: str = "todo") -> list[dict[str, Any]]:
    """Return the arguments of the jobs in a status, oldest first; of one task, or of all."""
    jobs = Job.objects.filter(status=status, **({"task_name": task} if task else {}))
    return list(jobs.order_by("id").values_list("args", flat=True))


def run_due_jobs() -> int:
    """Run every job that is due by the (perhaps moved) clock, those that they enqueue too; return how many ran.

    As in a worker: the most urgent first, then the oldest.  An error is raised, not retried.
    """
    for count in range(JOBS_MAX):
        job = _take_due()
        if job is None:
            return count
        app.tasks[job.task_name].func(**job.args)
        _finish(job.pk, status="succeeded")
    raise AssertionError(f"{JOBS_MAX} jobs ran and there are more: they enqueue each other for ever.")


def begin_job(job_id: int, *, worker: int | None = None) -> None:
    """Have a job run, in the hands of a worker (the id of its row)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker, job_id]
        )


def end_job(job_id: int, *, status: str) -> None:
    """Have a job run and end: ``succeeded`` or ``failed``."""
    begin_job(job_id)
    _finish(job_id, status=status)


def _take_due() -> Job | None:
    """Have the job that a worker would fetch now run; None when none is due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ("
            " SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= %s)"
            " ORDER BY priority DESC, id LIMIT 1) RETURNING id",
            [clock.now()],
        )
        row = cursor.fetchone()
    return Job.objects.get(pk=row[0]) if row else None


def _finish(job_id: int, *, status: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, %s, false)", [job_id, status])
