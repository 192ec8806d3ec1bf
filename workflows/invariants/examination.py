"""Run invariants: one statement each, which counts the violations and names the first of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from workflows import clock
from workflows.invariants.catalogue import list_invariants
from workflows.invariants.invariant import Invariant, SharedScan

__all__ = ["Finding", "examine", "examine_all"]

# For these statements alone: sorts and hashes over a million events stay in memory, and the processors share the work.
# The planner takes "is not equal" for something that nearly every row is; of violations there are hardly any.
_SET_UP = "SET LOCAL work_mem = '64MB'; SET LOCAL parallel_tuple_cost = 0"

_COUNT_SHARED = """
WITH violation AS (SELECT DISTINCT name, id FROM ({sql}) AS found)
SELECT name, count(*), (array_agg(id ORDER BY id))[1:%(ids_max)s] FROM violation GROUP BY name
"""

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

    Each statement sees the database as of one instant, so that what is going on does not look like a violation.  A
    scan that several share runs once, when the first of them is reached.
    """
    listed = tuple(invariants)
    scanned: dict[SharedScan, dict[str, Finding]] = {}
    for invariant in listed:
        scan = invariant.sql
        if isinstance(scan, SharedScan):
            if scan not in scanned:
                scanned[scan] = _scan(scan, [one for one in listed if one.sql == scan], ids_max=ids_max)
            yield scanned[scan][invariant.name]
        else:
            yield _examine(invariant, scan, ids_max=ids_max)


def _examine(invariant: Invariant, sql: str, *, ids_max: int) -> Finding:
    rows, took_ms = _run(_COUNT.format(sql=sql), {"ids_max": ids_max, **invariant.parameters()})
    count, ids = rows[0]
    return Finding(invariant, count, tuple(ids), took_ms)


def _scan(scan: SharedScan, sharers: Sequence[Invariant], *, ids_max: int) -> dict[str, Finding]:
    """Return by name what comes of those that share a scan; each bears an equal part of the time."""
    rows, took_ms = _run(_COUNT_SHARED.format(sql=scan.sql), {"ids_max": ids_max, **scan.parameters()})
    found = {name: (count, tuple(ids)) for name, count, ids in rows}
    return {one.name: Finding(one, *found.get(one.name, (0, ())), took_ms / len(sharers)) for one in sharers}


def _run(sql: str, parameters: Mapping[str, Any]) -> tuple[list[Any], float]:
    """Run a statement with the settings of an audit; return its rows, and the ms that it took."""
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SET_UP)
        cursor.execute(sql, {"now": clock.now(), **parameters})
        rows = cursor.fetchall()
    return rows, (time.perf_counter() - begun) * 1000
