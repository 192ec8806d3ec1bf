"""The audit's invariants within the model test: after each step those that a call could break, at its end all."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from workflows import clock
from workflows.invariants import Invariant, SharedScan, list_invariants

# What the model compares itself (states, loads) need not be asked twice; what time breaks holds after a tick; what is
# wrong in the log is so at the end too, for nothing in it goes away.
AFTER_EACH_STEP = (
    "leads.each_wave_has_its_decision",
    "leads.decision_made_its_offers",
    "leads.lead_is_verified_once",
    "leads.offered_lead_was_verified",
    "leads.closed_lead_has_no_live_offer",
)
# The apps of the tests have no rows here.
NOT_ASKED = ("toyapp.",)


@functools.cache
def list_for_each_step() -> tuple[Invariant, ...]:
    return tuple(one for one in list_invariants() if one.name in AFTER_EACH_STEP)


@functools.cache
def list_for_the_end() -> tuple[Invariant, ...]:
    return tuple(one for one in list_invariants() if not one.name.startswith(NOT_ASKED))


def assert_hold(invariants: Sequence[Invariant]) -> None:
    """Raise: AssertionError that names every invariant that is violated, with the ids.  One statement for all.

    Those that share a scan with others are asked by it, and the others with them.
    """
    with connection.cursor() as cursor:
        branches = [
            cursor.mogrify(sql, {"now": clock.now(), **parameters})
            for sql, parameters in _list_branches(invariants)
        ]
        cursor.execute(" UNION ALL ".join(branches).replace("%", "%%"), [])
        violated = {name: ids for name, ids in cursor.fetchall() if ids}
    assert violated == {}


def _list_branches(invariants: Sequence[Invariant]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield statements with the columns name and ids, and their parameters."""
    for scan in {one.sql for one in invariants if isinstance(one.sql, SharedScan)}:
        yield f"SELECT name, array_agg(id) FROM ({scan.sql}) AS found GROUP BY name", scan.parameters()
    for one in invariants:
        if isinstance(one.sql, str):
            sql = f"SELECT %(name)s::text, ARRAY(SELECT id::bigint FROM ({one.sql}) AS violation LIMIT 10)"
            yield sql, {"name": one.name, **one.parameters()}
