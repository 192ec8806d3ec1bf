"""The embedded PostgreSQL: shared by processes, outlived by none, found again after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.procompare.embedded_postgres import EmbeddedPostgres
from backend.procompare.postgres_cluster import (
    EmbeddedPostgresError,
    PostgresCluster,
    socket_dir_of,
)

TIMEOUT_S = 60

# Holds the server until its input ends.
USER_PROGRAM = """
import sys
from pathlib import Path
from backend.procompare.embedded_postgres import use_embedded_postgres
use_embedded_postgres(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def module_data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="procompare-test-") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def data_dir(module_data_dir: Path) -> Iterator[Path]:
    """One cluster for all tests here; none may leave it running."""
    yield module_data_dir
    cluster = PostgresCluster(module_data_dir)
    pid = cluster.postmaster_pid()
    if pid is not None:
        cluster.stop()
    assert pid is None, "the test left the server running"


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The server, held by this process."""
    server = EmbeddedPostgres(data_dir)
    server.acquire()
    yield server
    server.release()


class UserProcess:
    """Another process that holds the server."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER_PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def leave(self) -> None:
        self._process.communicate(timeout=TIMEOUT_S)
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=TIMEOUT_S)


def query(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    """Run a statement in a connection of its own, committed."""
    host = str(socket_dir_of(data_dir))
    with psycopg.connect(host=host, user="procompare", dbname="procompare", port=5432) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def kill_postmaster(data_dir: Path) -> int:
    """Kill the server, and wait until the system has noticed."""
    cluster = PostgresCluster(data_dir)
    pid = cluster.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + TIMEOUT_S
    while cluster.postmaster_pid() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return pid


class TestSharing:
    def test_the_second_process_uses_the_server_of_the_first(self, data_dir: Path) -> None:
        cluster = PostgresCluster(data_dir)
        first, second = UserProcess(data_dir), UserProcess(data_dir)
        pid = cluster.postmaster_pid()
        first.leave()
        assert cluster.postmaster_pid() == pid
        assert query(data_dir, "SELECT 1") == [(1,)]
        second.leave()
        assert cluster.postmaster_pid() is None

    def test_two_that_come_at_once_start_one_server(self, data_dir: Path) -> None:
        command = [sys.executable, "-c", USER_PROGRAM, str(data_dir)]
        both = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        results = [process.communicate(timeout=TIMEOUT_S) for process in both]
        assert results == [(b"ready\n", b""), (b"ready\n", b"")]

    def test_a_killed_process_does_not_stop_the_server_under_others(self, server: EmbeddedPostgres) -> None:
        UserProcess(server.data_dir).kill()
        assert query(server.data_dir, "SELECT 1") == [(1,)]

    def test_a_killed_process_does_not_keep_it_running(self, data_dir: Path) -> None:
        UserProcess(data_dir).kill()
        assert PostgresCluster(data_dir).postmaster_pid() is not None
        UserProcess(data_dir).leave()
        assert PostgresCluster(data_dir).postmaster_pid() is None

    def test_a_forked_child_holds_the_server_itself(self, data_dir: Path) -> None:
        program = f"""
import os, sys
from pathlib import Path
from backend.procompare.embedded_postgres import use_embedded_postgres
from backend.procompare.postgres_cluster import PostgresCluster
data_dir = Path({str(data_dir)!r})
use_embedded_postgres(data_dir)
start, go_on = os.pipe()
if os.fork() == 0:
    os.close(go_on)
    os.read(start, 1)  # the parent has ended
    print(PostgresCluster(data_dir).is_ready(), flush=True)
    sys.exit()
"""
        answer = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S
        )
        assert answer.stdout == b"True\n"
        assert PostgresCluster(data_dir).postmaster_pid() is None


class TestRecovery:
    def test_brings_back_what_was_committed_after_the_server_is_killed(self, data_dir: Path) -> None:
        server = EmbeddedPostgres(data_dir)
        server.acquire()
        query(data_dir, "CREATE TABLE kept AS SELECT 42 AS answer")
        killed_pid = kill_postmaster(data_dir)
        server.acquire()
        assert server.cluster.postmaster_pid() not in (None, killed_pid)
        assert query(data_dir, "SELECT answer FROM kept") == [(42,)]
        query(data_dir, "DROP TABLE kept")
        server.release()

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(
                f"{os.getpid()}\nelsewhere\n0\n5432\n\n\n0 0\nready\n", id="another program has its id"
            ),
            pytest.param("999999999\nelsewhere\n0\n5432\n\n\n0 0\nready\n", id="no program has its id"),
            pytest.param("", id="empty"),
        ],
    )
    def test_starts_over_a_stale_pid_file(self, data_dir: Path, content: str) -> None:
        UserProcess(data_dir).leave()
        (data_dir / "postgres" / "postmaster.pid").write_text(content)
        UserProcess(data_dir).leave()
        assert not (data_dir / "postgres" / "postmaster.pid").exists()

    def test_says_the_end_of_the_log_when_it_cannot_start(self, data_dir: Path) -> None:
        UserProcess(data_dir).leave()
        configuration = data_dir / "postgres" / "postgresql.auto.conf"
        good = configuration.read_text()
        configuration.write_text(good + "no_such_setting = 1\n")
        server = EmbeddedPostgres(data_dir)
        try:
            with pytest.raises(EmbeddedPostgresError, match=r"(?s)Cannot start.*\"no_such_setting\""):
                server.acquire()
        finally:
            configuration.write_text(good)
            server.release()

    def test_refuses_data_of_another_major_version(self, data_dir: Path) -> None:
        UserProcess(data_dir).leave()
        version = data_dir / "postgres" / "PG_VERSION"
        version.write_text("16\n")
        try:
            with pytest.raises(EmbeddedPostgresError, match="of PostgreSQL 16, this is 18"):
                EmbeddedPostgres(data_dir).acquire()
        finally:
            version.write_text("18\n")


class TestServer:
    def test_is_durable(self, server: EmbeddedPostgres) -> None:
        rows = query(
            server.data_dir,
            "SELECT name, setting FROM pg_settings"
            " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums') ORDER BY 1",
        )
        assert rows == [
            ("data_checksums", "on"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
        ]

    def test_listens_on_no_network_address(self, server: EmbeddedPostgres) -> None:
        assert query(server.data_dir, "SHOW listen_addresses") == [("",)]

    def test_is_closed_to_other_users_of_the_machine(self, server: EmbeddedPostgres) -> None:
        assert socket_dir_of(server.data_dir).stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("name", ["x" * 120, 'it\'s a "test", $HOME'])
    def test_starts_below_any_path(self, tmp_path: Path, name: str) -> None:
        data_dir = tmp_path / name
        # What an interrupted first start leaves is no hindrance.
        (data_dir / "postgres.unfinished" / "base").mkdir(parents=True)
        server = EmbeddedPostgres(data_dir)
        server.acquire()
        assert query(data_dir, "SELECT 1") == [(1,)]
        server.release()
        server.forget()
        assert list(data_dir.iterdir()) == []
        assert not socket_dir_of(data_dir).exists()

    def test_says_what_to_do_when_its_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(EmbeddedPostgresError, match=r"Cannot make the folder .*file/data.*set DATA_DIR"):
            EmbeddedPostgres(tmp_path / "file" / "data").acquire()

    def test_is_reached_by_dbshell(self, data_dir: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        result = subprocess.run(
            [sys.executable, "manage.py", "dbshell", "--", "-Atc", "SELECT current_database()"],
            cwd=Path(__file__).resolve().parents[3],
            env=environment | {"DATA_DIR": str(data_dir)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert (result.stdout, result.stderr) == ("procompare\n", "")


class TestForget:
    def test_refuses_while_a_process_uses_the_server(self, server: EmbeddedPostgres) -> None:
        with pytest.raises(EmbeddedPostgresError, match="a process uses it"):
            EmbeddedPostgres(server.data_dir).forget()
        assert query(server.data_dir, "SELECT 1") == [(1,)]

    def test_stops_the_server_of_a_killed_process_first(self, tmp_path: Path) -> None:
        UserProcess(tmp_path).kill()
        EmbeddedPostgres(tmp_path).forget()
        assert PostgresCluster(tmp_path).postmaster_pid() is None
        assert list(tmp_path.iterdir()) == []
