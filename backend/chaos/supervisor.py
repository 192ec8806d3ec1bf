"""What a supervisor does: starts programs, starts them again when they have ended, and tells of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, Signals

import psutil

__all__ = ["Program", "Supervisor"]

POLL_INTERVAL_S = 0.05
STOP_TIMEOUT_S = 15


@dataclass
class Program:
    """One program that is to run always, with all processes that it starts.

    ``starts`` counts its beginnings, ``ends_asked`` how often it was killed or told to stop.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    starts: int = 0
    ends_asked: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own: signals to the group reach all of its processes, and nobody else's."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1

    @property
    def has_ended(self) -> bool:
        """Whether its first process has."""
        return self.process is None or self.process.poll() is not None

    def end(self, number: Signals) -> None:
        """Have the first process end by a signal; those that it started are left to it."""
        assert self.process is not None
        self.ends_asked += 1
        self.process.send_signal(number)

    def signal_all(self, number: Signals) -> None:
        """Send a signal to all its processes."""
        if self.process is not None:
            # Those that are left of the group when the first has ended, too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill_child(self, victim: int) -> None:
        """Kill one of the processes that the first one started, if there are any."""
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.process.pid).children()
            if children:
                children[victim % len(children)].kill()


class Supervisor:
    """Keeps programs running from its making to the end of its ``with``."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = programs
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        for program in self.programs:
            program.start()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop them all; kill those that do not stop."""
        self._is_stopping.set()
        self._thread.join()
        for program in self.programs:
            program.signal_all(SIGCONT)
            if program.process is not None:
                program.process.terminate()
        for program in self.programs:
            self._wait_for(program)

    def _wait_for(self, program: Program) -> None:
        if program.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.process.wait(STOP_TIMEOUT_S)
            program.signal_all(SIGKILL)
            program.process.wait()

    def _watch(self) -> None:
        while not self._is_stopping.wait(POLL_INTERVAL_S):
            for program in self.programs:
                if program.has_ended:
                    # As systemd does: what the dead one has left behind would hold its port.
                    program.signal_all(SIGKILL)
                    program.start()
