"""Everything breaks for a while, by the real command: nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 45
SEED = 7
# The other tests want the machine too: whether it moves is asked, not how fast.
PATIENT = ["--stall-s", "60", "--drain-s", "180"]
TIMEOUT_S = 480


class TestRun:
    def test_loses_nothing_that_was_acknowledged(self) -> None:
        command = ["-m", "backend.chaos", "--seconds", str(SECONDS), "--seed", str(SEED), "--json", *PATIENT]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.stdout, done.stderr
        results = json.loads(done.stdout)
        assert (results["findings"], results["verdict"], done.returncode) == ([], "well", 0)
        assert sum(row["count"] for row in results["faults"].values()) >= 5
        assert results["requests"]["acknowledged"] >= 10
