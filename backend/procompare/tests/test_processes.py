"""Child processes that live and die together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.procompare import processes
from backend.procompare.processes import ProcessGroup

TIMEOUT_S = 30
SLEEP = ["-c", f"import time; time.sleep({TIMEOUT_S})"]
DEAF_PROGRAM = f"""
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep({TIMEOUT_S})
"""


class TestProcessGroup:
    def test_tells_which_child_ended_and_how(self) -> None:
        group = ProcessGroup()
        group.start("sleeper", SLEEP, environment=os.environ)
        group.start("quitter", ["-c", "raise SystemExit(3)"], environment=os.environ)
        assert group.wait() == ("quitter", 3)
        group.stop()
        assert group.first_ended() == ("sleeper", -signal.SIGTERM)

    def test_kills_a_child_that_does_not_listen(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(processes, "STOP_TIMEOUT_S", 0.1)
        group = ProcessGroup()
        group.start("deaf", ["-c", DEAF_PROGRAM, str(tmp_path / "is_deaf")], environment=os.environ)
        deadline = time.monotonic() + TIMEOUT_S
        while not (tmp_path / "is_deaf").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        group.stop()
        assert group.first_ended() == ("deaf", -signal.SIGKILL)


class TestInterruptOnSignals:
    def test_lets_cleaning_up_finish_whatever_else_comes(self) -> None:
        program = """
import os, signal, time
from backend.procompare.processes import interrupt_on_signals
interrupt_on_signals()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
except KeyboardInterrupt:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    print("cleaned up")
"""
        command = [sys.executable, "-c", program]
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
        assert result.stdout == "cleaned up\n"
