"""A real SMTP server on loopback that counts what it takes, by Message-ID."""

from __future__ import annotations

import asyncio
import email
import threading
from collections import Counter
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

__all__ = ["MailServer"]


class MailServer:
    """Runs in a thread between the ends of its ``with``; listens on ``port`` of 127.0.0.1, a free one."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server")

    def __enter__(self) -> MailServer:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Take a mail: from this answer on the sender may forget it."""
        content = envelope.content or b""
        message = email.message_from_bytes(content if isinstance(content, bytes) else content.encode())
        self.received[str(message["Message-ID"])] += 1
        return "250 OK"

    async def _listen(self) -> int:
        server = await self._loop.create_server(lambda: SMTP(self, loop=self._loop), host="127.0.0.1", port=0)
        return int(server.sockets[0].getsockname()[1])
