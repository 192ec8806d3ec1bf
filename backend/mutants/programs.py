"""The programs that are run, so that none outlives us: each in a group of its own, which is killed as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Ended", "Programs", "run_git"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit status (None: it was killed, its time was over) and what it printed."""

    status: int | None
    output: str

    @property
    def last_lines(self) -> str:
        """Return the end of what it printed, for whoever asks why."""
        return "\n".join(self.output.rstrip().splitlines()[-15:])


@dataclass(slots=True)
class Programs:
    """Those that run now, by any thread."""

    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_s: float
    ) -> Ended:
        """Run a program to its end, or kill it and all that it has started when its time is over."""
        with self._lock:
            if self._is_over:
                return Ended(None, "")
            program = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            self._running.add(program)
        try:
            output, _errors = program.communicate(timeout=timeout_s)
            return Ended(program.returncode, output)
        except subprocess.TimeoutExpired:
            _kill(program)
            output, _errors = program.communicate()
            return Ended(None, output)
        finally:
            with self._lock:
                self._running.discard(program)
            _kill(program)

    def end_all(self) -> None:
        """Kill everything that runs; from now on nothing is started."""
        with self._lock:
            self._is_over = True
            for program in self._running:
                _kill(program)


def _kill(program: subprocess.Popen[str]) -> None:
    """Kill a program, and whatever of its group it has left behind."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # the whole group has ended


def run_git(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run git in a folder; return its exit status and what it said."""
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
