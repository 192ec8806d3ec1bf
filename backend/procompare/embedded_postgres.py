"""The embedded PostgreSQL, shared: whoever comes first starts it, the last one to leave stops it.

Two locks of the system, both on folders, so that no file of ours can be stale:

- on ``DATA_DIR``, exclusive, held for a moment: nobody starts and stops at the same time;
- on its folder ``postgres``, shared, held as long as a process uses the server.  Whoever leaves and can make
  it exclusive was the last.  The system frees the lock of a killed process, so a killed one neither
  stops the server under the others nor keeps it running when they have left.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from backend.procompare.postgres_cluster import EmbeddedPostgresError, PostgresCluster

__all__ = ["EmbeddedPostgres", "use_embedded_postgres"]


class EmbeddedPostgres:
    """This process's use of the server in one ``DATA_DIR``."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.cluster = PostgresCluster(data_dir)
        self._use_fd: int | None = None
        self._fd_of_child: int | None = None

    @property
    def is_used(self) -> bool:
        """Whether this process holds the server."""
        return self._use_fd is not None

    def acquire(self) -> None:
        """Hold the server until :meth:`release`; start it, and make its data, where that is needed.

        Raises: EmbeddedPostgresError when it cannot be started.
        """
        if self.is_used and self.cluster.is_ready():
            return
        _make_data_dir(self.data_dir)
        with _locked(self.data_dir):
            self.cluster.create_if_missing()
            if not self.is_used:
                self._use_fd = _open_shared(self.cluster.path)
            self.cluster.start()

    def release(self) -> None:
        """Let go of the server, and stop it when nobody else holds it."""
        if self._use_fd is None:
            return
        with _locked(self.data_dir):
            if _try_exclusive(self._use_fd):
                self.cluster.stop()
            os.close(self._use_fd)
            self._use_fd = None

    def forget(self) -> None:
        """Stop a server that a killed process left behind, and delete all data.

        Raises: EmbeddedPostgresError when a process still uses it; then nothing is touched.
        """
        if not self.cluster.path.exists():
            return
        with _locked(self.data_dir):
            use_fd = _open_shared(self.cluster.path)
            try:
                if not _try_exclusive(use_fd):
                    raise EmbeddedPostgresError(
                        f"Cannot forget the data in {self.data_dir}: a process uses it. Stop that one first."
                    )
                self.cluster.stop()
                self.cluster.remove()
            finally:
                os.close(use_fd)

    # Note [Forked children]
    #
    # A child inherits its parent's file descriptors, and with them one lock that both share: the parent could
    # make it exclusive, as if the child were not there.  So each child gets a lock of its own.  It is taken
    # before the fork: afterwards the parent may be gone, and its server with it, before the child gets there.

    def prepare_fork(self) -> None:
        """Take the lock of a child that is about to be forked."""
        if self._use_fd is not None:
            self._fd_of_child = _open_shared(self.cluster.path)

    def finish_fork(self, *, is_child: bool) -> None:
        """Let go, after a fork, of the lock that belongs to the other process."""
        if self._use_fd is None or self._fd_of_child is None:
            return
        if is_child:
            self._use_fd, self._fd_of_child = self._fd_of_child, self._use_fd
        os.close(self._fd_of_child)
        self._fd_of_child = None


_servers: dict[Path, EmbeddedPostgres] = {}
_thread_lock = threading.Lock()


def use_embedded_postgres(data_dir: Path) -> None:
    """Have the server in ``data_dir`` run until this process ends.

    Raises: EmbeddedPostgresError when it cannot be started.
    """
    with _thread_lock:
        server = _servers.setdefault(data_dir, EmbeddedPostgres(data_dir))
        server.acquire()


@atexit.register
def _release_all() -> None:
    """Leave every server when the process ends."""
    for server in _servers.values():
        server.release()


def _before_fork() -> None:
    """Wait until no thread starts a server, then take the locks of the child (Note [Forked children])."""
    _thread_lock.acquire()
    for server in _servers.values():
        server.prepare_fork()


def _after_fork(*, is_child: bool) -> None:
    """Undo what :func:`_before_fork` did, on either side."""
    for server in _servers.values():
        server.finish_fork(is_child=is_child)
    _thread_lock.release()


os.register_at_fork(
    before=_before_fork,
    after_in_parent=partial(_after_fork, is_child=False),
    after_in_child=partial(_after_fork, is_child=True),
)


def _make_data_dir(data_dir: Path) -> None:
    """Make ``DATA_DIR``.  Raises: EmbeddedPostgresError when that is not possible."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Cannot make the folder {data_dir} for the database ({error.strerror}): set DATA_DIR."
        ) from error


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Hold the lock on ``DATA_DIR``; waits for whoever starts or stops the server right now."""
    fd = os.open(data_dir, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _open_shared(path: Path) -> int:
    """Return a file descriptor that holds a shared lock on a folder."""
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def _try_exclusive(fd: int) -> bool:
    """Make a shared lock exclusive; return False, and hold none, when others share it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
