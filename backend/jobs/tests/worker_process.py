"""Real workers for tests: ``manage.py work`` in processes of their own, on the database of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from django.db import connection

__all__ = ["WorkerProcess", "database_url", "wait_until"]

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 30
POLL_INTERVAL_S = 0.02


def wait_until(holds: Callable[[], object], *, what: str) -> None:
    """Wait until something holds; fail, saying what never did, when it takes too long."""
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(POLL_INTERVAL_S)


def database_url() -> str:
    """Return the address of the database of the test, for the environment of another process."""
    one = connection.settings_dict
    login = ":".join(quote(one[part], safe="") for part in ("USER", "PASSWORD") if one[part])
    return f"postgres://{login}@{quote(one['HOST'], safe='')}:{one['PORT']}/{one['NAME']}"


class WorkerProcess:
    """A worker that is told where the test's database is; killed at the end of its ``with``, if it still runs.

    Its connections are called by ``name`` in ``pg_stat_activity``.
    """

    def __init__(self, name: str = "worker", *, until_idle: bool = False, **environment: str) -> None:
        self.name = name
        # A file, for a pipe that nobody reads fills up and holds the worker.
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by `kill`
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "work", *(["--until-idle"] if until_idle else [])],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "backend.procompare.settings_test",
                "DATABASE_URL": database_url(),
                "DATABASE_CONN_MAX_AGE": "60",
                "PGAPPNAME": name,
            }
            | environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._output.close()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def output(self) -> str:
        """What it has said so far."""
        # Read at a place of one's own: the offset is shared with the process that writes.
        return os.pread(self._output.fileno(), 1_000_000, 0).decode()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> tuple[int, str]:
        """Wait until it has ended; return its exit code and all that it said."""
        return self.process.wait(TIMEOUT_S), self.output
