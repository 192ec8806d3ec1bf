"""What finished long ago is forgotten, so that the table of jobs stays as small as the work at hand."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

__all__ = ["prune_finished_jobs"]

# Somebody may ask what became of a delivery of yesterday.
DONE_KEPT_FOR_DAYS = 2
# A tick of a periodic task comes thousands of times a day, and each makes up for the ones before: of those that
# went well nobody asks, and of those that failed the latest say it all.
TICKS_KEPT_FOR_HOURS = 1
FAILED_TICKS_KEPT_FOR_HOURS = 24
# What else failed stays until somebody retries it.

BATCH_SIZE = 5_000

# The trigger of procrastinate unlinks periodic_defers, the foreign key of events cascades.
_PRUNE = """
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT job.id
    FROM procrastinate_jobs AS job JOIN procrastinate_events AS event ON event.job_id = job.id
    WHERE event.type::text = job.status::text AND job.status NOT IN ('todo', 'doing')
    AND (job.status <> 'failed' OR job.task_name = ANY(%(ticks)s))
    AND event.at < now() - CASE
        WHEN job.status = 'failed' THEN make_interval(hours => %(failed_ticks)s)
        WHEN job.task_name = ANY(%(ticks)s) THEN make_interval(hours => %(done_ticks)s)
        ELSE make_interval(days => %(done)s)
    END
    LIMIT %(batch)s
)
"""
_PRUNE_ERRORS = """
DELETE FROM jobs_joberror AS error
WHERE NOT EXISTS (SELECT FROM procrastinate_jobs AS job WHERE job.id = error.job_id)
"""


def prune_finished_jobs() -> int:
    """Delete jobs that finished long enough ago, batch by batch, with their errors; return how many."""
    pruned = 0
    while batch := _prune_batch():
        pruned += batch
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE_ERRORS)
    return pruned


def _prune_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _PRUNE,
            {
                "ticks": sorted({name for name, _periodic_id in app.periodic_registry.periodic_tasks}),
                "failed_ticks": FAILED_TICKS_KEPT_FOR_HOURS,
                "done_ticks": TICKS_KEPT_FOR_HOURS,
                "done": DONE_KEPT_FOR_DAYS,
                "batch": BATCH_SIZE,
            },
        )
        deleted: int = cursor.rowcount
    return deleted
