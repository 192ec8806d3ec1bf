"""The invariants of every machine and its log, generated from the machine: a new one is audited as it is declared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.utils.functional import lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from psycopg.sql import SQL, Identifier

from workflows.audit import CREATION
from workflows.hash_chain import BROKEN_CHAINS
from workflows.invariants.invariant import Invariant
from workflows.machine import Machine
from workflows.registry import state_field_of

__all__ = ["list_machine_invariants"]

STATE_IS_THE_LAST = """
SELECT o.{key} AS id
FROM {table} AS o
LEFT JOIN workflows_transitionrecord AS r
  ON r.machine = %(machine)s AND r.object_id = o.{key} AND r.sequence = o.version
LEFT JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE s.state IS DISTINCT FROM o.{state}
"""

STEPS_MEET = """
SELECT DISTINCT object_id AS id FROM (
    SELECT r.object_id, s.source_state, lag(s.state) OVER (PARTITION BY r.object_id ORDER BY r.sequence) AS before
    FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.machine = %(machine)s
) AS step
WHERE source_state IS DISTINCT FROM before
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

ROWS_ARE_PAIRED = """
SELECT s.id
FROM django_fsm_log_statelog AS s LEFT JOIN workflows_transitionrecord AS r ON r.log_id = s.id
WHERE s.content_type_id = %(content_type)s
  AND (r.log_id IS NULL OR r.machine <> %(machine)s OR r.object_id <> s.object_id)
UNION ALL
SELECT s.id
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE r.machine = %(machine)s AND s.content_type_id <> %(content_type)s
"""

EVENTS_ARE_EDGES = """
SELECT DISTINCT r.object_id AS id
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE r.machine = %(machine)s AND NOT EXISTS (
    SELECT FROM unnest(%(transitions)s::text[], %(sources)s::text[], %(targets)s::text[])
        AS edge (transition, source, target)
    WHERE edge.transition = s.transition AND edge.source = coalesce(s.source_state, '') AND edge.target = s.state
)
"""

ACTORS_ARE_NAMED = """
SELECT DISTINCT r.object_id AS id
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE r.machine = %(machine)s AND r.actor IS DISTINCT FROM 'user:' || s.by_id
  AND (s.by_id IS NOT NULL OR r.actor !~ '^system:[a-z_]+$')
"""

_FORGED = _(
    "It was written past the application: find out by whom (the server's log, backups) before anything is mended, "
    "and compare with the last backup."
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds of every machine; ``{what}`` stands for its title, ``model`` None for the machine's own."""

    code: str
    name: str
    holds: Any
    mend: Any
    sql: str
    model: str | None = None


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
        "each_event_begins_where_the_one_before_ended",
        _("{what}: each event begins in the state in which the one before ended."),
        _FORGED,
        STEPS_MEET,
    ),
    _Rule(
        "L3",
        "events_are_numbered_without_a_gap",
        _("{what}: its events are numbered 1 to its version, none missing."),
        _FORGED,
        NUMBERS_HAVE_NO_GAP,
    ),
    _Rule(
        "L3",
        "each_log_row_has_its_event",
        _("{what}: each row of the log has one event, of the same object."),
        _FORGED,
        ROWS_ARE_PAIRED,
        model="django_fsm_log.statelog",
    ),
    _Rule(
        "L4",
        "events_go_along_edges",
        _("{what}: every event is a transition of its machine, along one of its edges."),
        _(
            "Either it was written past the application, or a release took an edge away that histories still have: "
            "then declare the edge again."
        ),
        EVENTS_ARE_EDGES,
    ),
    _Rule(
        "L6",
        "events_name_their_actor",
        _("{what}: every event names who acted, a user or a part of the system."),
        _FORGED,
        ACTORS_ARE_NAMED,
    ),
    _Rule(
        "L7",
        "hash_chain_is_whole",
        _("{what}: the hashes of its events hold, from the first to the last."),
        _FORGED,
        BROKEN_CHAINS,
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
        model=rule.model or machine.label,
        holds=format_lazy(rule.holds, what=lazystr(machine.title)),
        mend=rule.mend,
        sql=SQL(rule.sql).format(**names).as_string(),
        parameters=_parameters(machine),
    )


def _parameters(machine: Machine) -> Callable[[], Mapping[str, Any]]:
    return functools.partial(_read_parameters, machine)


def _read_parameters(machine: Machine) -> Mapping[str, Any]:
    edges = sorted(_edges(machine))
    return {
        "machine": machine.label,
        "content_type": ContentType.objects.get_for_model(apps.get_model(machine.label)).pk,
        "transitions": [transition for transition, _source, _target in edges],
        "sources": [source for _transition, source, _target in edges],
        "targets": [target for _transition, _source, target in edges],
    }


def _edges(machine: Machine) -> Iterator[tuple[str, str, str]]:
    """Yield (transition, source, target) of each edge; creation has no source."""
    yield CREATION, "", machine.initial
    for edge in machine.edges():
        yield edge.transition.name, edge.source, edge.target
