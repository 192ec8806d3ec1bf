"""The database and the workers of a benchmark: of its own, and gone afterwards."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "measure_cpu_s",
    "measure_together",
    "running_worker",
    "start_worker",
    "use_fresh_database",
    "use_own_database",
]

SETTINGS = "backend.benchmarks.settings"
STOP_TIMEOUT_S = 30
TEMPLATE = "benchmark_template"
"""The migrated database, as every benchmark finds it: copied in a moment."""


def use_own_database() -> None:
    """Set Django up on a PostgreSQL of its own in a temporary folder, which goes when this process ends.

    ``use_fresh_database`` makes the database in it.
    """
    data_dir = Path(tempfile.mkdtemp(prefix="procompare-bench-"))
    # What is registered first runs last: when the embedded server has been stopped.
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "only-for-benchmarks",
        "DEBUG": "0",
    }
    os.environ.pop("DATABASE_URL", None)
    _prepare()


def use_fresh_database() -> None:
    """Put a migrated and empty database in the place of the one that there is: no benchmark sees another's rows."""
    from django.db import connection, connections

    connections.close_all()
    name = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')


@contextmanager
def running_worker(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker in a process of its own, with arguments of ``backend.benchmarks.worker``."""
    worker = start_worker(*arguments)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(STOP_TIMEOUT_S)


def measure_cpu_s(*arguments: str) -> float:
    """Run a worker until no job is due; return the processor time that it took."""
    return measure_together(1, *arguments)


def measure_together(count: int, *arguments: str) -> float:
    """Run so many workers until no job is due; return the processor time that all of them took."""
    workers = [start_worker("--until-idle", *arguments) for _number in range(count)]
    return sum(_wait_for(worker) for worker in workers)


def _wait_for(worker: subprocess.Popen[bytes]) -> float:
    _pid, status, usage = os.wait4(worker.pid, 0)
    worker.returncode = os.waitstatus_to_exitcode(status)
    if worker.returncode:
        raise subprocess.CalledProcessError(worker.returncode, "worker")
    return usage.ru_utime + usage.ru_stime


def start_worker(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a worker in a process of its own; whoever starts it ends it."""
    environment = {**os.environ, "DATABASE_CONN_MAX_AGE": "60"}
    return subprocess.Popen([sys.executable, "-m", "backend.benchmarks.worker", *arguments], env=environment)


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", verbosity=0)
    # The benchmarks' own models have no migrations, and point to tables that have.
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE benchmark_starts (number bigint, at timestamptz)")
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" RENAME TO {TEMPLATE}')
