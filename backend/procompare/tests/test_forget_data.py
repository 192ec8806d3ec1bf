"""``make clean``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.procompare.embedded_postgres import EmbeddedPostgres
from backend.procompare.forget_data import forget_data

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 60


class TestForgetData:
    def test_deletes_the_database_the_mails_and_the_static_files_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATA_DIR", "kept/data")
        server = EmbeddedPostgres(tmp_path / "kept" / "data")
        server.acquire()
        server.release()
        (tmp_path / "staticfiles" / "admin").mkdir(parents=True)
        (tmp_path / "kept" / "data" / "mail").mkdir()
        (tmp_path / "kept" / "data" / "mail" / "1.log").touch()
        (tmp_path / "kept" / "data" / "letter.txt").touch()

        said = forget_data(tmp_path)
        assert said == (
            f"Forgotten: the database and the mails in {tmp_path}/kept/data, the collected static files."
        )
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "kept", "letter.txt"]

    def test_does_nothing_where_there_is_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATA_DIR", "data")
        forget_data(tmp_path)
        assert list(tmp_path.iterdir()) == []


class TestCommand:
    def test_refuses_and_deletes_nothing_while_the_database_is_used(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path)
        server.acquire()
        result = subprocess.run(
            [sys.executable, "-m", "backend.procompare.forget_data"],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert (result.returncode, result.stdout) == (1, "")
        assert "a process uses it. Stop that one first." in result.stderr
        assert server.cluster.is_ready()
        server.release()
        server.forget()
