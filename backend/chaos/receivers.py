"""Real receivers of what is delivered: a mail server, and somebody's systems that webhooks call.

They take everything and remember its keys.  What goes wrong on the way goes wrong on the wires before them.
"""

from __future__ import annotations

import contextlib
import email
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from backend.notifications.testing import QuietHandler, serving_calls, serving_mails

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


class _WebhookHandler(QuietHandler):
    taken: Taken

    def do_POST(self) -> None:  # noqa: N802  http.server's name
        """Take a call."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.taken.add(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()


@contextlib.contextmanager
def mail_receiver() -> Iterator[Taken]:
    """Run a mail server while the block runs."""
    taken = Taken()
    with serving_mails(_MailHandler(taken)) as taken.port:
        yield taken


@contextlib.contextmanager
def webhook_receiver() -> Iterator[Taken]:
    """Run a system that webhooks call while the block runs."""
    taken = Taken()
    with serving_calls(type("Handler", (_WebhookHandler,), {"taken": taken})) as taken.port:
        yield taken
