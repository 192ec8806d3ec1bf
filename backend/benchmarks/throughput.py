"""How many small jobs does one worker run in a second, and what does each cost?"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from backend.benchmarks.figures import Measurement
from backend.benchmarks.processes import measure_cpu_s
from backend.jobs.queue import enqueue_many

__all__ = ["TITLE", "measure"]

TITLE = "Throughput of one worker, 16 jobs at a time"

JOBS = 3_000
VARIANTS = (
    ("a job that does nothing", "benchmarks.do_nothing"),
    ("a job with a small transaction", "benchmarks.query"),
)


def measure() -> Iterator[Measurement]:
    """Yield for each kind of job how many ran in a second, and the worker's own processor time for each."""
    start_cpu_s = measure_cpu_s()  # imports, and nothing to do
    for name, task in VARIANTS:
        enqueue_many(task, [{"number": number} for number in range(JOBS)])
        cpu_s = measure_cpu_s() - start_cpu_s
        yield Measurement(name, {"jobs/s": JOBS / _duration_s(task), "CPU ms/job": cpu_s / JOBS * 1000})


def _duration_s(task: str) -> float:
    """Return the time from the first start to the last end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM max(event.at) FILTER (WHERE event.type = 'succeeded')"
            " - min(event.at) FILTER (WHERE event.type = 'started'))::float"
            " FROM procrastinate_events AS event JOIN procrastinate_jobs AS job ON job.id = event.job_id"
            " WHERE job.task_name = %s",
            [task],
        )
        return float(cursor.fetchone()[0])
