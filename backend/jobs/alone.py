"""A sweep does not run beside itself: ticks that come while one still runs are let go."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

__all__ = ["running_alone", "unless_running"]

logger = logging.getLogger(__name__)


def unless_running(task: Callable[[int], None]) -> Callable[[int], None]:
    """Make of a periodic function one that does nothing while another worker, or another thread, still runs it.

    Without it a sweep that takes longer than its period fills one slot after the other until nothing else runs.  For
    sweeps alone: what is let go must be done by a later tick.
    """
    name = f"{task.__module__}.{task.__qualname__}"

    @functools.wraps(task)
    def run(timestamp: int) -> None:
        with running_alone(name) as is_alone:
            if is_alone:
                task(timestamp)
            else:
                logger.info("%s still runs: the tick of %d is let go", name, timestamp)

    return run


@contextmanager
def running_alone(name: str) -> Iterator[bool]:
    """Yield whether nobody else is in this block under the same name; whoever yields True keeps others out.

    The lock is the connection's: it goes with a worker that dies.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
