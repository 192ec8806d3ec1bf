"""The present instant, as the running transition sees it.

Inside a transition it is the database's clock, read with the lock, and stands still until the commit: a guard,
the body and the log agree on it.  Tests and the demo market move it with :func:`at`.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from contextvars import ContextVar

from django.utils import timezone

__all__ = ["at", "fixed", "now"]

_fixed: ContextVar[datetime.datetime | None] = ContextVar("workflows_clock_fixed", default=None)


def now() -> datetime.datetime:
    """Return the present instant (aware): the fixed one inside :func:`at` or a transition, else the system's."""
    return _fixed.get() or timezone.now()


def fixed() -> datetime.datetime | None:
    """Return the instant at which the clock is held, or None while it runs."""
    return _fixed.get()


@contextlib.contextmanager
def at(instant: datetime.datetime) -> Iterator[None]:
    """Hold the clock at an instant.  Raises: ValueError when it has no time zone."""
    if timezone.is_naive(instant):
        raise ValueError(f"Cannot hold the clock at {instant!r}: it has no time zone.")
    token = _fixed.set(instant)
    try:
        yield
    finally:
        _fixed.reset(token)
