"""The floor: recorded statements sent again by pgbench, over one connection, with no Python.

pgbench sends one statement after the other and waits for each, as any plain client does.  The processor time is that
of its server process, which it asks the system for itself, and its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from backend.procompare.postgres_cluster import program

__all__ = ["FloorRun", "replay", "split_by_transaction"]

TIMEOUT_S = 30

_TABLE = "CREATE TABLE IF NOT EXISTS benchmark_floor (used_ns bigint NOT NULL)"
# The first number is the time of this server process on a processor, in ns.
_NOTE_USED = (
    "INSERT INTO benchmark_floor SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;"
)
# It counts what it wrote when it ends, which may be a moment after pgbench has.
_IS_CONNECTED = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgbench')"
_READ_USED = "SELECT max(used_ns) - min(used_ns) FROM benchmark_floor"

# A line of `pgbench --report-per-command`: ms, failures, the first line of the command.
_REPORTED = re.compile(r"^ +(\d+\.\d+) +\d+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FloorRun:
    """How long each of the transactions took by pgbench's clock, and the processor time of all together."""

    clock_ms: tuple[float, ...]
    processor_ms: float


def replay(transactions: Sequence[Sequence[str]]) -> FloorRun:
    """Send the statements of each transaction, one transaction after the other.

    Raises: RuntimeError with what pgbench says when the database refuses one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute("TRUNCATE benchmark_floor")
    blocks = ["\n".join(["BEGIN;", *(f"{one};" for one in block), "COMMIT;"]) for block in transactions]
    output, client_ms = _run("\n".join([_NOTE_USED, *blocks, _NOTE_USED]))
    _wait_for_end()
    with connection.cursor() as cursor:
        cursor.execute(_READ_USED)
        server_ms = int(cursor.fetchone()[0]) / 1e6
    clock_ms = split_by_transaction(output)
    assert len(clock_ms) == len(transactions), output
    return FloorRun(clock_ms, server_ms + client_ms)


def _run(script: str) -> tuple[str, float]:
    """Run a script once; return what pgbench reports, and its own processor time in ms."""
    settings = connection.settings_dict
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file, tempfile.TemporaryFile("w+") as output:
        file.write(script)
        file.flush()
        arguments = [str(program("pgbench")), "--no-vacuum", "--client=1", "--transactions=1"]
        arguments += ["--report-per-command", f"--file={file.name}"]
        arguments += [f"--host={settings['HOST']}", f"--port={settings['PORT']}"]
        arguments += [f"--username={settings['USER']}", str(settings["NAME"])]
        client = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if client.returncode:
        raise RuntimeError(f"pgbench failed: {said[-2000:]}")
    return said, (usage.ru_utime + usage.ru_stime) * 1000


def _wait_for_end() -> None:
    """Wait until pgbench's server process is gone.  Raises: TimeoutError when it is not in time."""
    deadline = time.monotonic() + TIMEOUT_S
    while _is_connected():
        if time.monotonic() > deadline:
            raise TimeoutError(f"pgbench's server process did not end in {TIMEOUT_S} s")
        time.sleep(0.01)


def _is_connected() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_CONNECTED)
        return bool(cursor.fetchone()[0])


def split_by_transaction(output: str) -> tuple[float, ...]:
    """Return for each transaction in a report of pgbench the sum of its commands' times, from BEGIN to COMMIT."""
    sums: list[float] = []
    is_inside = False
    for took_ms, command in _REPORTED.findall(output):
        if command.startswith("BEGIN;"):
            sums.append(0.0)
            is_inside = True
        if is_inside:
            sums[-1] += float(took_ms)
        if command.startswith("COMMIT;"):
            is_inside = False
    return tuple(sums)
