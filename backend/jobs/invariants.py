"""What must hold of jobs in the whole database: examined by ``manage.py audit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["INVARIANTS"]

# Since when a job without a time waits, its last event says.
WAITS_TOO_LONG = """
SELECT job.id
FROM procrastinate_jobs AS job CROSS JOIN LATERAL (
    SELECT greatest(job.scheduled_at, max(event.at)) AS since FROM procrastinate_events AS event
    WHERE event.job_id = job.id AND event.type IN ('deferred', 'deferred_for_retry', 'retried')
) AS ready
WHERE job.status = 'todo' AND ready.since < %(now)s - interval '30 minutes'
"""

# Alive: it said so lately enough.  A quarter of an hour beyond that, somebody must have handed the job out again.
LEFT_BY_ITS_WORKER = """
SELECT job.id
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
  AND worker.last_heartbeat >= %(now)s - make_interval(secs => %(dead_after_s)s) - interval '15 minutes'
WHERE job.status = 'doing' AND worker.id IS NULL AND NOT EXISTS (
    SELECT FROM procrastinate_events AS event
    WHERE event.job_id = job.id AND event.at >= %(now)s - interval '15 minutes'
)
"""


def _dead_after() -> Mapping[str, Any]:
    return {"dead_after_s": settings.WORKER_DEAD_AFTER_S}


INVARIANTS = (
    Invariant(
        code="J2",
        name="jobs.due_job_is_taken",
        model="jobs.job",
        holds=_("No job that is due waits for more than half an hour."),
        mend=_("Too few workers, or none alive: see the list of workers, and start some."),
        sql=WAITS_TOO_LONG,
    ),
    Invariant(
        code="J2",
        name="jobs.running_job_has_a_worker",
        model="jobs.job",
        holds=_("A job that runs has a worker that lives; what a dead one left is handed out again."),
        mend=_(
            "No worker is left that would look for it: start one, and it hands the job out within seconds."
        ),
        sql=LEFT_BY_ITS_WORKER,
        parameters=_dead_after,
    ),
)
