"""A real SMTP server on loopback that takes, refuses, or hangs; and one that answers a byte at a time."""

from __future__ import annotations

import contextlib
import email
import email.message
import email.policy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from backend.notifications.testing import serving_mails

__all__ = ["MailServer", "drawn_out_server", "mail_server"]


@dataclass
class MailServer:
    """What it took.  ``rcpt_answer`` and ``data_answer`` are said instead, where they are set."""

    port: int = 0
    messages: list[email.message.EmailMessage] = field(default_factory=list)
    rcpt_answer: str = ""
    data_answer: str = ""

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data_answer:
            return self.data_answer
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(message)
        return "250 Taken"


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run one while the block runs."""
    server = MailServer()
    with serving_mails(server) as server.port:
        yield server


@contextlib.contextmanager
def drawn_out_server(greeting: bytes) -> Iterator[int]:
    """Yield the port of one that repeats a greeting without ever ending its line; an empty one: it says nothing."""
    stopping = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _address = listener.accept()
            with connection:
                while not stopping.wait(0.05):
                    connection.sendall(greeting)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopping.set()
        listener.close()
        thread.join(5)
