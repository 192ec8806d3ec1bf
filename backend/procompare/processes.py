"""Several child processes that live and die together: a web server, its workers.

Each runs in a session of its own: Ctrl-C in a terminal reaches this process alone, which then stops its
children in order, before the database is stopped.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

__all__ = ["ProcessGroup", "interrupt_on_signals"]

# A worker lets its jobs end for ten seconds before it leaves by itself (`backend/jobs/worker.py`).
STOP_TIMEOUT_S = 15
POLL_INTERVAL_S = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessGroup:
    """Child processes; when one ends by itself, the others are to be stopped."""

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        """Start a child; ``command`` is run by this Python: ``["-m", "gunicorn", …]``."""
        self._children[name] = subprocess.Popen(
            [sys.executable, *command], env=environment, start_new_session=True
        )

    def first_ended(self) -> tuple[str, int] | None:
        """Return the name and exit code of a child that has ended; None while all live."""
        for name, child in self._children.items():
            if (code := child.poll()) is not None:
                return name, code
        return None

    def wait(self) -> tuple[str, int]:
        """Wait until a child ends; return its name and exit code."""
        while not (ended := self.first_ended()):
            time.sleep(POLL_INTERVAL_S)
        return ended

    def stop(self) -> None:
        """Ask all children to end; kill those that have not after ``STOP_TIMEOUT_S``."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def interrupt_on_signals() -> None:
    """Have Ctrl-C, ``kill`` and the closing of the terminal raise KeyboardInterrupt, once, in this process.

    A second one is ignored: it would interrupt the stopping, and leave children or the database behind.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupt)
