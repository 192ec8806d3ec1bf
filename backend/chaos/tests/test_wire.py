"""A wire loses exactly what it is told to lose: the server has got the request, or has not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from backend.chaos.wire import Wire, Wires, wires

TRIGGER = b"COMMIT;"


class Echo:
    """A server that answers each line with the same in capitals, and remembers it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                for line in stream:
                    self.got.append(line.strip())
                    stream.write(line.upper())
                    stream.flush()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def all_wires() -> Iterator[Wires]:
    with wires() as made:
        yield made


def say(wire: Wire, *pieces: bytes) -> bytes:
    """Send pieces on a connection of their own; return the answer, empty when it was cut."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            return connection.recv(100)
        except ConnectionResetError:
            return b""


class TestWire:
    def test_passes_everything_on_while_nothing_is_to_be_lost(self, echo: Echo, all_wires: Wires) -> None:
        wire = all_wires.stretch(echo.port, trigger=TRIGGER)
        assert say(wire, b"commit;\n") == b"COMMIT;\n"
        assert say(wire, b"COMMIT;\n") == b"COMMIT;\n"
        assert (wire.lost_requests, wire.lost_answers) == (0, 0)

    def test_loses_an_answer_to_what_the_server_has_got(self, echo: Echo, all_wires: Wires) -> None:
        wire = all_wires.stretch(echo.port, trigger=TRIGGER)
        all_wires.lose(wire, answers=1)
        assert say(wire, b"SELECT\n") == b"SELECT\n"
        assert say(wire, b"COM", b"MIT;\n") == b""
        assert say(wire, b"COMMIT;\n") == b"COMMIT;\n"
        assert echo.got == [b"SELECT", b"COMMIT;", b"COMMIT;"]
        assert (wire.lost_requests, wire.lost_answers) == (0, 1)

    def test_loses_a_request_before_the_server_gets_it(self, echo: Echo, all_wires: Wires) -> None:
        wire = all_wires.stretch(echo.port, trigger=TRIGGER)
        all_wires.lose(wire, requests=1)
        assert say(wire, b"COMMIT;\n") == b""
        assert echo.got == []
        assert (wire.lost_requests, wire.lost_answers) == (1, 0)

    def test_refuses_until_it_is_restored_on_the_same_port(self, echo: Echo, all_wires: Wires) -> None:
        wire = all_wires.stretch(echo.port, trigger=TRIGGER)
        port = wire.port
        all_wires.refuse(wire)
        with pytest.raises(ConnectionRefusedError):
            say(wire, b"SELECT\n")
        all_wires.restore(wire)
        assert wire.port == port
        assert say(wire, b"SELECT\n") == b"SELECT\n"
