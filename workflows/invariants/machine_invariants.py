"""The invariants of each machine, generated from it: a new one is audited as soon as it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.functional import lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from psycopg.sql import SQL, Identifier

from workflows.invariants.event_scan import CHAIN_IS_WHOLE, EVENT_SCAN, STEPS_MEET
from workflows.invariants.invariant import Invariant, SharedScan
from workflows.machine import Machine
from workflows.registry import state_field_of

__all__ = ["FORGED", "list_machine_invariants"]

STATE_IS_THE_LAST = """
SELECT o.{key} AS id
FROM {table} AS o
LEFT JOIN workflows_transitionrecord AS r
  ON r.machine = %(machine)s AND r.object_id = o.{key} AND r.sequence = o.version
LEFT JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE s.state IS DISTINCT FROM o.{state}
"""

# The database refuses two events of the same number; so where first, last and count fit, none is missing.
NUMBERS_HAVE_NO_GAP = """
SELECT coalesce(o.{key}, e.object_id) AS id
FROM {table} AS o FULL JOIN (
    SELECT object_id, count(*) AS events, min(sequence) AS first, max(sequence) AS last
    FROM workflows_transitionrecord WHERE machine = %(machine)s GROUP BY object_id
) AS e ON e.object_id = o.{key}
WHERE e.events IS NULL OR e.first <> 1 OR e.last <> e.events OR o.version <> e.events
"""

FORGED = _(
    "It was written past the application: find out by whom (the server's log, backups) before anything is mended, "
    "and compare with the last backup."
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds of every machine; ``{what}`` stands for its title."""

    code: str
    name: str
    holds: Any
    mend: Any
    sql: str | SharedScan


_RULES = (
    _Rule(
        "L1",
        "state_is_that_of_the_last_event",
        _("{what}: the state is the one in which its last event ended."),
        _(
            "Look at its timeline. The log is what happened: where it is whole (L2, L3, L7), set the row's state and "
            "version to those of the last event."
        ),
        STATE_IS_THE_LAST,
    ),
    _Rule(
        "L2",
        STEPS_MEET,
        _("{what}: each event begins in the state in which the one before ended."),
        FORGED,
        EVENT_SCAN,
    ),
    _Rule(
        "L3",
        "events_are_numbered_without_a_gap",
        _("{what}: its events are numbered 1 to its version, none missing."),
        FORGED,
        NUMBERS_HAVE_NO_GAP,
    ),
    _Rule(
        "L7",
        CHAIN_IS_WHOLE,
        _("{what}: the hashes of its events hold, from the first to the last."),
        FORGED,
        EVENT_SCAN,
    ),
)


def list_machine_invariants(machine: Machine) -> tuple[Invariant, ...]:
    """Return the invariants of one machine."""
    return tuple(_build(machine, rule) for rule in _RULES)


def _build(machine: Machine, rule: _Rule) -> Invariant:
    model: Any = apps.get_model(machine.label)
    names = {
        "table": Identifier(model._meta.db_table),
        "key": Identifier(str(model._meta.pk.column)),
        "state": Identifier(str(state_field_of(model).column)),
    }
    return Invariant(
        code=rule.code,
        name=f"{machine.label}.{rule.name}",
        model=machine.label,
        holds=format_lazy(rule.holds, what=lazystr(machine.title)),
        mend=rule.mend,
        sql=SQL(rule.sql).format(**names).as_string() if isinstance(rule.sql, str) else rule.sql,
        parameters=lambda: {"machine": machine.label},
    )
