"""Processor time of this process and of its database's, which says more than the clock where others are at work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

__all__ = ["Taken", "measure_time"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call took: by the clock, and of the processors; NaN where the system does not tell (not Linux)."""

    clock_ms: float
    processor_ms: float


def measure_time(work: Callable[[], object]) -> Taken:
    """Call and measure; the database runs on this machine, and the connection stays the same."""
    begun, used_ms = time.perf_counter(), _used_ms()
    work()
    return Taken((time.perf_counter() - begun) * 1000, _used_ms() - used_ms)


def _used_ms() -> float:
    connection.ensure_connection()
    own_ms = time.process_time() * 1000
    # The first number is the time on a processor, in ns (Documentation/scheduler/sched-stats.rst).
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return own_ms + int(file.read_text().split()[0]) / 1e6 if file.exists() else float("nan")
