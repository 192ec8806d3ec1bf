"""The switches of production, in processes of their own: settings are read once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 60


def run_manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command with a changed environment."""
    inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    inherited["DJANGO_SETTINGS_MODULE"] = "backend.procompare.settings"
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


class TestProduction:
    def test_passes_the_check_for_deployment(self) -> None:
        key = "".join(chr(33 + i) for i in range(64))
        result = run_manage("check", "--deploy", "--fail-level=WARNING", DEBUG="0", SECRET_KEY=key)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == "System check identified no issues (0 silenced).\n"

    def test_refuses_to_start_without_a_secret_key(self) -> None:
        result = run_manage("check", DEBUG="0")
        assert result.returncode == 1
        assert "SECRET_KEY must be set when DEBUG=0." in result.stderr


class TestTrial:
    def test_starts_without_any_setting(self) -> None:
        assert run_manage("check", DEBUG="1").returncode == 0
