"""Conflicts: the database gave up a transaction that stood in another's way, and that may well succeed a moment later.

A deadlock or a serialization failure is nobody's mistake.  It is tried again from the start, outside of the
transaction that is lost; inside somebody else's transaction only that one can begin anew.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

__all__ = ["RETRIES_MAX", "is_conflict", "retrying"]

RETRIES_MAX = 3
_SQLSTATES = ("40P01", "40001")  # deadlock_detected, serialization_failure

T = TypeVar("T")


def is_conflict(error: BaseException) -> bool:
    """Return whether an error of the database is a conflict."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _SQLSTATES


def retrying(call: Callable[[], T]) -> T:
    """Call something that is one transaction, and again after each conflict; return what it returns.

    Raises: what it raises; a conflict inside an open transaction, and after three retries.
    """
    retries_left = 0 if connection.in_atomic_block else RETRIES_MAX
    while True:
        try:
            return call()
        except OperationalError as error:
            if not retries_left or not is_conflict(error):
                raise
            retries_left -= 1
            # Jitter, so that those who met do not meet again.
            time.sleep(random.uniform(0.01, 0.05) * 2 ** (RETRIES_MAX - retries_left))  # noqa: S311  no secret
