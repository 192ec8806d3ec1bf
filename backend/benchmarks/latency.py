"""How long after the commit of a change does the job start that follows from it?  One worker, otherwise idle."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from django.db import connection, transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.processes import running_worker
from backend.jobs.queue import enqueue

__all__ = ["TITLE", "measure"]

TITLE = "From commit to start"

COMMITS = 200
# Far enough apart that no job waits for another, and not in step with any interval.
PAUSE_S = (0.02, 0.08)
TIMEOUT_S = 60
DEAF = ("--deaf", "--poll-interval-s", "2")

# What is measured: its name, the task that a commit enqueues, the arguments of the worker.
VARIANTS = (
    ("one hop", "benchmarks.note_start", ()),
    ("two hops, as a delivery: planned, then sent", "benchmarks.relay", ()),
    ("two hops, found by looking every 2 s", "benchmarks.relay", DEAF),
)


def measure() -> Iterator[Measurement]:
    """Yield for each variant the waits in ms, and how many times longer the median is than that of one hop."""
    median_of_one_hop_ms = 0.0
    for name, task, arguments in VARIANTS:
        waits_ms = _measure_waits_ms(task, *arguments)
        median_ms = percentile(waits_ms, 50)
        median_of_one_hop_ms = median_of_one_hop_ms or median_ms
        yield Measurement(
            name,
            {
                "p50 ms": median_ms,
                "p95 ms": percentile(waits_ms, 95),
                "p99 ms": percentile(waits_ms, 99),
                "p50 : one hop": median_ms / median_of_one_hop_ms,
            },
        )


def _measure_waits_ms(task: str, *arguments: str) -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE benchmark_starts")
    with running_worker(*arguments):
        _commit_and_wait(task, numbers=range(-3, 0))  # it is awake, its threads are connected
        committed_at = _commit_and_wait(task, numbers=range(COMMITS))
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, extract(epoch FROM at)::float FROM benchmark_starts WHERE number >= 0")
        return [(at - committed_at[number]) * 1000 for number, at in cursor.fetchall()]


def _commit_and_wait(task: str, *, numbers: range) -> dict[int, float]:
    """Commit one job for each number; return when each commit returned, once all have started."""
    committed_at = {}
    for number in numbers:
        with transaction.atomic():
            enqueue(task, number=number)
        committed_at[number] = time.time()
        time.sleep(random.uniform(*PAUSE_S))  # noqa: S311  no secret
    deadline = time.monotonic() + TIMEOUT_S
    while _count_starts(numbers) < len(numbers):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Of {len(numbers)} jobs {_count_starts(numbers)} started in {TIMEOUT_S} s")
        time.sleep(0.1)
    return committed_at


def _count_starts(numbers: range) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM benchmark_starts WHERE number BETWEEN %s AND %s", [numbers[0], numbers[-1]]
        )
        return int(cursor.fetchone()[0])
