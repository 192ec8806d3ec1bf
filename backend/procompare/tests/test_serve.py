"""``manage.py serve`` as a whole, on a database of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.procompare.postgres_cluster import PostgresCluster

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 60


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_serving(
    tmp_path: Path, *arguments: str, port: int, **environment_changes: str
) -> subprocess.Popen[str]:
    """Start ``manage.py serve`` with everything it writes below ``tmp_path``."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "backend.procompare.settings",
        "DATA_DIR": str(tmp_path / "data"),
        "STATIC_ROOT": str(tmp_path / "static"),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        **environment_changes,
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what a process prints up to the line with ``text``."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return
    pytest.fail(f"never printed {text!r} but:\n{''.join(lines)}")


def children_of(pid: int) -> dict[int, list[str]]:
    """Return the commands of the processes that a process has started, by their ids."""
    return {child.pid: child.cmdline() for child in psutil.Process(pid).children()}


def get_status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", path)
    return connection.getresponse().status


class TestServe:
    @pytest.mark.parametrize(
        ("number", "is_told_by_command_line"), [(signal.SIGINT, False), (signal.SIGTERM, True)]
    )
    def test_serves_until_a_signal_and_then_stops_the_database_too(
        self, tmp_path: Path, free_port: int, number: signal.Signals, is_told_by_command_line: bool
    ) -> None:
        arguments, port = ([f"--port={free_port}"], 1) if is_told_by_command_line else ([], free_port)
        process = start_serving(tmp_path, *arguments, port=port)
        read_until(process, f"http://127.0.0.1:{free_port}/")
        assert get_status(free_port, "/admin/login/") == 200
        assert get_status(free_port, "/static/admin/js/core.js") == 200
        assert PostgresCluster(tmp_path / "data").postmaster_pid() is not None

        children = children_of(process.pid)
        assert {psutil.Process(pid).environ().get("PORT") for pid in children} == {str(free_port)}
        workers = [pid for pid, command in children.items() if "work" in command]
        assert len(workers) == 1

        process.send_signal(number)
        output, _ = process.communicate(timeout=TIMEOUT_S)
        assert not psutil.pid_exists(workers[0])
        assert (process.returncode, output.splitlines()[-1]) == (0, "Stopped.")
        assert PostgresCluster(tmp_path / "data").postmaster_pid() is None
        with pytest.raises(ConnectionRefusedError):
            get_status(free_port, "/")

    def test_ends_with_an_error_when_the_web_server_does(self, tmp_path: Path, free_port: int) -> None:
        process = start_serving(tmp_path, port=free_port, GUNICORN_CMD_ARGS="--no-such-option")
        output, _ = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 1
        assert "The web server ended by itself, with code 2." in output
        assert PostgresCluster(tmp_path / "data").postmaster_pid() is None

    def test_says_what_to_do_when_the_port_is_taken(self, tmp_path: Path, taken_port: int) -> None:
        output, _ = start_serving(tmp_path, port=taken_port).communicate(timeout=TIMEOUT_S)
        assert f"Cannot listen on 127.0.0.1:{taken_port}" in output
        assert "make run PORT=8001" in output
        assert not (tmp_path / "data").exists()
