"""Real receivers of what is delivered: a mail server, and somebody's systems that webhooks call.

They take everything and remember its keys.  What goes wrong on the way goes wrong on the wires before them.
"""

from __future__ import annotations

import contextlib
import email
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

__all__ = ["Taken", "mail_receiver", "webhook_receiver"]


@dataclass(slots=True)
class Taken:
    """How often each key was taken at a port: the Message-ID of a mail, the ``webhook-id`` of a call."""

    port: int = 0
    times: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str) -> None:
        """Remember that one was taken."""
        with self._lock:
            self.times[key] += 1


@dataclass(slots=True)
class _MailHandler:
    taken: Taken

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take a mail."""
        message_id = email.message_from_bytes(envelope.content)["Message-ID"]
        self.taken.add(message_id.strip("<>").partition("@")[0])
        return "250 Taken"


class _WebhookHandler(BaseHTTPRequestHandler):
    taken: Taken

    def do_POST(self) -> None:
        """Take a call."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.taken.add(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Answer; whoever is gone needs none."""
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Close; it may be closed."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class _WebhookServer(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextlib.contextmanager
def mail_receiver() -> Iterator[Taken]:
    """Run a mail server while the block runs."""
    taken = Taken()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        taken.port = probe.getsockname()[1]
    controller = Controller(_MailHandler(taken), hostname="127.0.0.1", port=taken.port)
    controller.start()
    try:
        yield taken
    finally:
        controller.stop()


@contextlib.contextmanager
def webhook_receiver() -> Iterator[Taken]:
    """Run a system that webhooks call while the block runs."""
    taken = Taken()
    server = _WebhookServer(("127.0.0.1", 0), type("Handler", (_WebhookHandler,), {"taken": taken}))
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
