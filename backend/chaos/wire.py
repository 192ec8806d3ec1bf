"""A TCP connection that can be cut at the worst moment: a small proxy on loopback between us and a server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["COMMIT", "END_OF_MAIL", "POST", "Wire", "Wires", "wires"]

CHUNK_BYTES = 64 * 1024
# How the end of something is recognised in what the client sends: psycopg's simple query, SMTP, HTTP.
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
END_OF_MAIL = b"\r\n.\r\n"
POST = b"POST "

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Wire:
    """One proxy: what goes through it, and what is lost next.

    ``target`` is a path (Unix socket) or a port on loopback.  When ``trigger`` is seen in what a client sends, one of
    ``requests_to_lose`` is taken: the connection is cut before the server gets it; else one of ``answers_to_lose``: it
    is cut when the server's answer is there, before the client gets that.  ``lost_requests`` and ``lost_answers``
    count what was lost.
    """

    target: Path | int
    trigger: bytes
    port: int = 0
    requests_to_lose: int = 0
    answers_to_lose: int = 0
    lost_requests: int = 0
    lost_answers: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def listen(self) -> None:
        """Take connections, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there[1]}
        self._open |= both
        try:
            await self._pass_on((reader, writer), there)
        finally:
            self._open -= both
            for one in both:
                one.transport.abort()

    async def _connect(self) -> _Streams:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _pass_on(self, here: _Streams, there: _Streams) -> None:
        """Pass on both ways until either side ends, or it is cut."""
        is_losing = asyncio.Event()
        tasks = {
            asyncio.create_task(self._pass_requests(here[0], there[1], is_losing)),
            asyncio.create_task(self._pass_answers(there[0], here[1], is_losing)),
        }
        _done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass_requests(
        self, client: asyncio.StreamReader, server: asyncio.StreamWriter, is_losing: asyncio.Event
    ) -> None:
        tail = b""
        while data := await client.read(CHUNK_BYTES):
            seen = tail + data
            if self.trigger in seen:
                if self.requests_to_lose:
                    self.requests_to_lose -= 1
                    self.lost_requests += 1
                    return
                if self.answers_to_lose:
                    self.answers_to_lose -= 1
                    is_losing.set()
                seen = seen.rpartition(self.trigger)[2]
            # The next piece may have the rest of what is looked for.
            tail = seen[-(len(self.trigger) - 1) :]
            server.write(data)
            await server.drain()

    async def _pass_answers(
        self, server: asyncio.StreamReader, client: asyncio.StreamWriter, is_losing: asyncio.Event
    ) -> None:
        while data := await server.read(CHUNK_BYTES):
            if is_losing.is_set():
                self.lost_answers += 1
                return
            client.write(data)
            await client.drain()


class Wires:
    """Several wires on one event loop, in a thread of its own; its methods may be called from any other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._all: list[Wire] = []

    def stretch(self, target: Path | int, *, trigger: bytes) -> Wire:
        """Return a new wire that takes connections."""
        wire = Wire(target, trigger)
        self._all.append(wire)
        self.restore(wire)
        return wire

    def refuse(self, wire: Wire) -> None:
        """Have a wire refuse connections, until it is restored."""
        self._wait(wire.refuse())

    def restore(self, wire: Wire) -> None:
        """Have a wire take connections again."""
        self._wait(wire.listen())

    def lose(self, wire: Wire, *, requests: int = 0, answers: int = 0) -> None:
        """Have a wire lose the next ones."""

        async def arm() -> None:
            wire.requests_to_lose, wire.answers_to_lose = requests, answers

        self._wait(arm())

    def close(self) -> None:
        """Cut everything."""
        for wire in self._all:
            self.refuse(wire)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(timeout=10)


@contextlib.contextmanager
def wires() -> Iterator[Wires]:
    """Have wires while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wires", daemon=True)
    thread.start()
    all_wires = Wires(loop)
    try:
        yield all_wires
    finally:
        all_wires.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
