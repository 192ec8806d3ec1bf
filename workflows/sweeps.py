"""Sweeps: a timer's transitions, run on whatever is due, whenever somebody comes by.

What is due is asked of the database, so that a tick that was missed loses nothing, and one that comes twice finds
nothing more to do.  Any number of sweeps may run at the same time: what one holds the others pass over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import Error, connection, models, transaction

from workflows.errors import TransitionRefused

__all__ = ["Swept", "sweep"]

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=models.Model)


@dataclass(slots=True)
class Swept:
    """What became of a sweep's objects: ``passed`` were held by somebody else, or were no longer due."""

    moved: int = 0
    refused: int = 0
    failed: int = 0
    passed: int = 0


def sweep(due: models.QuerySet[M], act: Callable[[M], Any], *, lock: str = "self", batch: int = 500) -> Swept:
    """Act on every object that is due, each in a transaction of its own: one that fails stops no other.

    ``due`` is in the order in which they are to be taken.  ``lock`` is the relation whose row is locked first
    (``SKIP LOCKED``): ``"self"``, or the parent that comes first in the fixed order, which ``due`` then selects
    along.  At most ``batch`` are taken: the next tick takes the rest.

    Raises: django.db.Error when the database is gone: then nothing more can be swept.
    """
    swept = Swept()
    for key in list(due.values_list("pk", flat=True)[:batch]):
        try:
            _take(due, key, act, swept, lock=lock)
        except Error:  # of the database; an interface error is no DatabaseError
            if not connection.is_usable():
                raise
            _record_failure(due, key, swept)
        except Exception:  # recorded: an error in one object is not to keep the timer from the others
            _record_failure(due, key, swept)
    return swept


def _take(due: models.QuerySet[M], key: Any, act: Callable[[M], Any], swept: Swept, *, lock: str) -> None:
    """Lock one object if nobody holds it and it is still due, and act on it."""
    with transaction.atomic():
        rows = due.filter(pk=key).select_for_update(of=(lock,), no_key=True, skip_locked=True)
        instance = rows.first()
        if instance is None:
            swept.passed += 1
            return
        try:
            act(instance)
            swept.moved += 1
        except TransitionRefused as refused:
            # It was due when it was read; what the engine found under its own lock counts.
            logger.info("Swept over %r: %s", instance, refused)
            swept.refused += 1


def _record_failure(due: models.QuerySet[Any], key: Any, swept: Swept) -> None:
    logger.exception("Cannot sweep %s %s", due.model._meta.label, key)
    swept.failed += 1
