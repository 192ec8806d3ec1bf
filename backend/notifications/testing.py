"""Real servers on loopback for what is delivered, for tests and chaos: what they take is up to who runs them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

__all__ = ["QuietHandler", "serving_calls", "serving_mails"]

STOP_TIMEOUT_S = 5


class QuietHandler(BaseHTTPRequestHandler):
    """Answers calls and prints nothing; a caller that is gone needs no answer."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Answer."""
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Close; it may be closed."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def shutdown_request(self, request: Any) -> None:
        with contextlib.suppress(OSError):
            super().shutdown_request(request)


@contextlib.contextmanager
def serving_calls(handler: type[QuietHandler]) -> Iterator[int]:
    """Answer calls by a handler while the block runs; yield the port."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(STOP_TIMEOUT_S)


@contextlib.contextmanager
def serving_mails(handler: object) -> Iterator[int]:
    """Take mails by a handler of aiosmtpd's while the block runs; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
