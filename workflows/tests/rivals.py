"""Rivals that come in between, over connections of their own: tests go on as soon as one has to wait for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection, connections

__all__ = ["in_thread", "start_rival", "wait_until_somebody_waits"]

_LOOKS_MAX = 2000

# Of this database alone: other processes of the tests have theirs in the same server.
_WAITING = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks AS held JOIN pg_database ON pg_database.oid = held.database
        WHERE datname = current_database()
    )
), pg_sleep(0.01)
"""


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """Run work over another connection; the thread is started."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def start_rival(work: Callable[[], object]) -> threading.Thread:
    """Run work over another connection; return when it has come to its end, or to where it has to wait."""
    rival = in_thread(work)
    assert any(not rival.is_alive() or _somebody_waits() for _ in range(_LOOKS_MAX)), (
        "the rival neither ends nor waits"
    )
    return rival


def wait_until_somebody_waits() -> None:
    """Return when another connection to this database waits for a lock."""
    assert any(_somebody_waits() for _ in range(_LOOKS_MAX)), "Nobody waits."


def _somebody_waits() -> bool:
    """Return, after a hundredth of a second, whether another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])
