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


def check_deployment(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the check for deployment, as it is run before a release."""
    key = "".join(chr(33 + i) for i in range(64))
    return run_manage("check", "--deploy", "--fail-level=WARNING", DEBUG="0", SECRET_KEY=key, **environment)


class TestProduction:
    def test_passes_the_check_for_deployment(self) -> None:
        ways_out = {"EMAIL_HOST": "mail.example", "SMS_GATEWAY_URL": "https://sms.example/"}
        result = check_deployment(**ways_out)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == "System check identified no issues (0 silenced).\n"

    def test_is_warned_of_mails_and_texts_that_reach_nobody(self) -> None:
        result = check_deployment(EMAIL_HOST="", SMS_GATEWAY_URL="")
        assert result.returncode == 1
        assert "No mail server is named" in result.stderr
        assert "No SMS gateway is named" in result.stderr

    def test_refuses_to_start_without_a_secret_key(self) -> None:
        result = run_manage("check", DEBUG="0")
        assert result.returncode == 1
        assert "SECRET_KEY must be set when DEBUG=0." in result.stderr


class TestTrial:
    def test_starts_without_any_setting(self) -> None:
        assert run_manage("check", DEBUG="1").returncode == 0
