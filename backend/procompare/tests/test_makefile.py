"""The Makefile tells what it can do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class TestHelp:
    def test_prints_every_target(self) -> None:
        makefile = (ROOT / "Makefile").read_text()
        phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
        assert phony is not None
        command = ["make", "--no-print-directory"]
        printed = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        ).stdout
        assert [line.split()[1] for line in printed.splitlines()] == phony[1].split()
        assert {"run", "test", "setup", "clean", "check", "format", "diagrams"} < set(phony[1].split())
