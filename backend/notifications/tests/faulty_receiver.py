"""A real HTTP server on loopback that answers as badly as its path says, and remembers what it took."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.notifications.testing import QuietHandler, serving_calls

__all__ = ["FaultyReceiver", "Received", "closed_port", "faulty_receiver"]


@dataclass(frozen=True, slots=True)
class Received:
    """One request: whether it was answered with 2xx, completely."""

    path: str
    key: str
    headers: dict[str, str]
    body: bytes
    is_taken: bool


@dataclass
class FaultyReceiver:
    """What came in, in the order of the answers."""

    address: str
    received: list[Received] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    def taken(self, path: str = "") -> list[str]:
        """Return the keys of what it said 2xx to, at one path or all."""
        return [each.key for each in self.received if each.is_taken and path in ("", each.path)]

    def note(self, received: Received) -> None:
        with self.lock:
            self.received.append(received)


class _Handler(QuietHandler):
    state: FaultyReceiver

    def do_POST(self) -> None:  # noqa: N802  http.server's name
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("webhook-id") or self.headers.get("Idempotency-Key", "")
        with self.state.lock:
            self.state.tries[key] += 1
        # It may be cut off by the other side.
        with contextlib.suppress(OSError):
            is_taken = getattr(self, "answer_" + self.path.strip("/").partition("/")[0])(key)
            if is_taken:
                return
        self.note(key, is_taken=False)

    def note(self, key: str, *, is_taken: bool) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.state.note(Received(self.path, key, headers, self.body, is_taken))

    def say(self, status: int, body: bytes = b"", **headers: str) -> bool:
        is_taken = 200 <= status < 300
        if is_taken:
            # Before the answer: whoever has that may look here at once.
            self.note(
                self.headers.get("webhook-id") or self.headers.get("Idempotency-Key", ""), is_taken=True
            )
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return is_taken

    def answer_ok(self, key: str) -> bool:
        return self.say(204)

    def answer_slow(self, key: str) -> bool:
        time.sleep(0.1)
        return self.say(200, b"ok")

    def answer_flaky(self, key: str) -> bool:
        """Fail at the first try of about every third."""
        is_first, is_third = self.state.tries[key] == 1, len(self.state.tries) % 3 == 0
        return self.say(500, b"Try again") if is_first and is_third else self.say(200)

    def answer_broken(self, key: str) -> bool:
        return self.say(500, b"\x00Stack trace follows\xff" + b"x" * 10_000)

    def answer_binary(self, key: str) -> bool:
        self.wfile.write(b"\x00\x15\x03\x01 no HTTP\r\n")
        return False

    def answer_wrong(self, key: str) -> bool:
        return self.say(422, b"No such number")

    def answer_busy(self, key: str) -> bool:
        return self.say(429)

    def answer_gone(self, key: str) -> bool:
        return self.say(410)

    def answer_redirect(self, key: str) -> bool:
        return self.say(307, Location=f"{self.state.address}/ok/redirected")

    def answer_inward(self, key: str) -> bool:
        return self.say(302, Location="http://10.0.0.1/")

    def answer_reset(self, key: str) -> bool:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False

    def answer_hang(self, key: str) -> bool:
        self.state.stopping.wait(30)
        return False

    def answer_drip(self, key: str) -> bool:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n"[:9])
        while not self.state.stopping.wait(0.05):
            self.wfile.write(b"2")
        return False

    def answer_headers(self, key: str) -> bool:
        self.wfile.write(b"HTTP/1.1 500 Oh\r\n")
        while not self.state.stopping.wait(0.05):
            self.wfile.write(b"X-More: of this\r\n")
        return False

    def answer_endless(self, key: str) -> bool:
        self.send_response(200)
        self.end_headers()
        while not self.state.stopping.is_set():
            self.wfile.write(b"x" * 65536)
        return False


@contextlib.contextmanager
def faulty_receiver() -> Iterator[FaultyReceiver]:
    """Run one while the block runs."""
    state = FaultyReceiver("")
    with serving_calls(type("Handler", (_Handler,), {"state": state})) as port:
        state.address = f"http://127.0.0.1:{port}"
        try:
            yield state
        finally:
            state.stopping.set()


def closed_port() -> str:
    """Return an address at which nobody answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"
