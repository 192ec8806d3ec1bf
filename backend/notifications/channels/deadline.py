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

__all__ = ["DeadlinePassed", "deadline", "watch_socket"]


class DeadlinePassed(TimeoutError):
    """Cannot finish within … s: the connection was cut."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"It took longer than {timeout_s:g} s in all.")
        self.timeout_s = timeout_s


class _Watch:
    """The sockets opened meanwhile: copies of their handles, for the original may be wrapped in TLS later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_over = False

    def add(self, sock: socket.socket) -> None:
        copy = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(copy)
            if self.is_over:
                _cut(copy)

    def end(self) -> None:
        with self._lock:
            self.is_over = True
            for sock in self._sockets:
                _cut(sock)

    def close(self) -> None:
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()


_current: ContextVar[_Watch | None] = ContextVar("notifications_deadline", default=None)


@contextlib.contextmanager
def deadline(timeout_s: float) -> Iterator[None]:
    """Cut every connection that is made inside, and handed to ``watch_socket``, when the block takes too long.

    Raises: DeadlinePassed in place of whatever error that led to.
    """
    watch = _Watch()
    timer = threading.Timer(timeout_s, watch.end)
    timer.daemon = True
    timer.start()
    token = _current.set(watch)
    try:
        yield
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
