"""For tests: run what is due, here and now, in the test's own connection."""

from __future__ import annotations

from typing import Any

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from workflows import clock

__all__ = ["list_jobs", "run_due_jobs"]

JOBS_MAX = 10_000


def list_jobs(task: str = "", *, status: str = "todo") -> list[dict[str, Any]]:
    """Return the arguments of the jobs in a status, oldest first; of one task, or of all."""
    jobs = ProcrastinateJob.objects.filter(status=status, **({"task_name": task} if task else {}))
    return list(jobs.order_by("id").values_list("args", flat=True))


def run_due_jobs() -> int:
    """Run every job that is due by the (perhaps moved) clock, those that they enqueue too; return how many ran.

    As in a worker: the most urgent first, then the oldest.  An error is raised, not retried.
    """
    for count in range(JOBS_MAX):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ("
                " SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
                " AND (scheduled_at IS NULL OR scheduled_at <= %s)"
                " ORDER BY priority DESC, id LIMIT 1) RETURNING id, task_name, args",
                [clock.now()],
            )
            row = cursor.fetchone()
            if row is None:
                return count
            job_id, name, _args = row
            arguments = ProcrastinateJob.objects.values_list("args", flat=True).get(pk=job_id)
            app.tasks[name].func(**arguments)
            cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)", [job_id])
    raise AssertionError(f"{JOBS_MAX} jobs ran and there are more: they enqueue each other for ever.")
