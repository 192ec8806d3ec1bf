"""Run invariants: one statement each, which counts the violations and names the first of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from workflows import clock
from workflows.invariants.catalogue import list_invariants
from workflows.invariants.invariant import Invariant

__all__ = ["Finding", "examine", "examine_all"]

# For these statements alone: sorts and hashes over a million events stay in memory, and the processors share the work.
# The planner takes "is not equal" for something that nearly every row is; of violations there are hardly any.
_SET_UP = "SET LOCAL work_mem = '64MB'; SET LOCAL parallel_tuple_cost = 0"

_COUNT = """
WITH violation AS ({sql})
SELECT (SELECT count(*) FROM violation), ARRAY(SELECT id FROM violation ORDER BY id LIMIT %(ids_max)s)
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one invariant: how many violations, the smallest of their ids, and how long it took."""

    invariant: Invariant
    count: int
    ids: tuple[int, ...]
    took_ms: float

    @property
    def holds(self) -> bool:
        """Return whether nothing violates it."""
        return self.count == 0


def examine_all(*, ids_max: int) -> Iterator[Finding]:
    """Yield what comes of every invariant, one after the other."""
    return examine(list_invariants(), ids_max=ids_max)


def examine(invariants: Iterable[Invariant], *, ids_max: int) -> Iterator[Finding]:
    """Yield what comes of each invariant, as it is known; ``ids_max`` ids are named of each.

    Each statement sees the database as of one instant, so that what is going on does not look like a violation.
    """
    return (_examine(invariant, ids_max=ids_max) for invariant in invariants)


def _examine(invariant: Invariant, *, ids_max: int) -> Finding:
    parameters = {"now": clock.now(), "ids_max": ids_max, **invariant.parameters()}
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SET_UP)
        cursor.execute(_COUNT.format(sql=invariant.sql), parameters)
        count, ids = cursor.fetchone()
    return Finding(invariant, count, tuple(ids), (time.perf_counter() - begun) * 1000)
