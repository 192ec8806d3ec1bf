"""An end for everything that a stranger's server can draw out.

A timeout of a socket is for each read: a server that sends a byte a second never runs into it.  So a timer cuts the
connection when the whole took too long; whoever waits for it wakes up with an error at once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar

__all__ = ["DeadlinePassed", "Watch", "deadline", "watch_socket"]


class DeadlinePassed(TimeoutError):
    """Cannot finish within … s: the connection was cut."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"It took longer than {timeout_s:g} s in all.")
        self.timeout_s = timeout_s


class Watch:
    """The sockets opened meanwhile: copies of their handles, for the original may be wrapped in TLS later."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_over = False

    def check(self) -> None:
        """Raise: DeadlinePassed when the time is up: what was read since may be the half of an answer."""
        if self.is_over:
            raise DeadlinePassed(self._timeout_s)

    def add(self, sock: socket.socket) -> None:
        """Cut a connection at the deadline; at once when that has passed."""
        copy = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(copy)
            if self.is_over:
                _cut(copy)

    def end(self) -> None:
        """Cut them all: the deadline has come."""
        with self._lock:
            self.is_over = True
            for sock in self._sockets:
                _cut(sock)

    def close(self) -> None:
        """Let go of the copies."""
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()


_current: ContextVar[Watch | None] = ContextVar("notifications_deadline", default=None)


@contextlib.contextmanager
def deadline(timeout_s: float) -> Iterator[Watch]:
    """Cut every connection that is made inside, and handed to ``watch_socket``, when the block takes too long.

    Raises: DeadlinePassed in place of whatever error that led to.  A block that ends without one has succeeded, though
    its last words may have been cut; where these matter it asks ``check()``.
    """
    watch = Watch(timeout_s)
    timer = threading.Timer(timeout_s, watch.end)
    timer.daemon = True
    timer.start()
    token = _current.set(watch)
    try:
        yield watch
    except Exception as error:
        if watch.is_over:
            raise DeadlinePassed(timeout_s) from error
        raise
    finally:
        timer.cancel()
        _current.reset(token)
        watch.close()


def watch_socket(sock: socket.socket) -> None:
    """Have a connection cut at the deadline of the enclosing block; without one it is left alone."""
    watch = _current.get()
    if watch is not None:
        watch.add(sock)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by itself
        sock.shutdown(socket.SHUT_RDWR)
