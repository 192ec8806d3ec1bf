"""Processor time of this process and of its database's, which says more than the clock where others are at work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import connection

__all__ = ["Taken", "measure_time", "read_server_ms"]


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


def read_server_ms() -> float:
    """Return the processor time of the database server so far: of all its processes, also of those that have ended.

    It runs on this machine.  Live ones are counted in hundredths of a second: for what takes seconds.
    """
    server = psutil.Process(_read_server_pid()).parent()
    assert server is not None, "a server process has the server for its parent"
    times = server.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in server.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # its time is in the next reading
            own = child.cpu_times()
            total += own.user + own.system
    return float(total) * 1000


def _used_ms() -> float:
    return time.process_time() * 1000 + _read_backend_ms()


def _read_backend_ms() -> float:
    # The first number is the time on a processor, in ns (Documentation/scheduler/sched-stats.rst).
    file = Path(f"/proc/{_read_server_pid()}/schedstat")
    return int(file.read_text().split()[0]) / 1e6 if file.exists() else float("nan")


def _read_server_pid() -> int:
    connection.ensure_connection()
    pid: int = connection.connection.info.backend_pid
    return pid
