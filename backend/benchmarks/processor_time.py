"""Processor time of this process and of its database's, which says more than the clock where others are at work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

__all__ = ["Taken", "measure_time", "server_s"]

_TICKS = os.sysconf("SC_CLK_TCK")


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


def server_s() -> float:
    """Return the processor time of the database server so far, all its processes and those that have ended; in s.

    It runs on this machine; NaN where the system does not tell.
    """
    connection.ensure_connection()
    own = _read_stat(connection.connection.info.backend_pid)
    if not own:
        return float("nan")
    server = own[1]
    total = sum(map(int, _read_stat(int(server))[11:15]))
    for folder in Path("/proc").iterdir():
        stat = _read_stat(int(folder.name)) if folder.name.isdigit() else []
        if len(stat) > 1 and stat[1] == server:
            total += sum(map(int, stat[11:13]))
    return total / _TICKS


def _read_stat(pid: int) -> list[str]:
    """Return what the system tells of a process, from its state on (proc(5)); nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _used_ms() -> float:
    connection.ensure_connection()
    own_ms = time.process_time() * 1000
    # The first number is the time on a processor, in ns (Documentation/scheduler/sched-stats.rst).
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return own_ms + int(file.read_text().split()[0]) / 1e6 if file.exists() else float("nan")
