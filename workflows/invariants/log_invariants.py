"""The invariants of the log as a whole, over all machines: each is one look at every event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _

from workflows.audit import CREATION
from workflows.invariants.invariant import Invariant
from workflows.invariants.machine_invariants import FORGED
from workflows.passages import PASSAGES_OF
from workflows.registry import list_machines

__all__ = ["LOG_INVARIANTS"]

# django-fsm-log may keep the log of other models too: those have no events, and no machine.
ROWS_ARE_NOT_PAIRED = """
SELECT s.id
FROM django_fsm_log_statelog AS s
LEFT JOIN workflows_transitionrecord AS r ON r.log_id = s.id
LEFT JOIN unnest(%(machines)s::text[], %(content_types)s::int[]) AS known (machine, content_type)
  ON known.content_type = s.content_type_id
WHERE known.machine IS DISTINCT FROM r.machine OR r.object_id <> s.object_id
"""

EVENTS_LEAVE_EDGES = """
SELECT r.log_id AS id
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE NOT EXISTS (
    SELECT FROM unnest(%(machines)s::text[], %(transitions)s::text[], %(sources)s::text[], %(targets)s::text[])
        AS edge (machine, transition, source, target)
    WHERE edge.machine = r.machine AND edge.transition = s.transition
      AND edge.source = coalesce(s.source_state, '') AND edge.target = s.state
)
"""

ACTORS_ARE_NOT_NAMED = """
SELECT r.log_id AS id
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE r.actor IS DISTINCT FROM 'user:' || s.by_id
  AND (s.by_id IS NOT NULL OR r.actor NOT LIKE 'system:%%')
"""


# What the process map counts is the log once more.  Two joins that processors share, where a full join is of one alone.
PASSAGES_DIFFER = f"""
SELECT made.log_id AS id
FROM ({PASSAGES_OF.format(records="workflows_transitionrecord")})
    AS made (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
LEFT JOIN workflows_passage AS kept ON kept.log_id = made.log_id
WHERE (made.at, made.spent_us, made.edge, made.object_id, made.content_type_id, made.magnitude)
      IS DISTINCT FROM
      (kept.at, kept.spent_us, kept.edge, kept.object_id, kept.content_type_id, kept.magnitude)
UNION ALL
SELECT kept.log_id FROM workflows_passage AS kept
WHERE NOT EXISTS (SELECT FROM workflows_transitionrecord AS r WHERE r.log_id = kept.log_id)
"""  # noqa: S608  built of constants alone


def _list_machine_types() -> Mapping[str, Any]:
    labels = [machine.label for machine in list_machines()]
    models = [apps.get_model(label) for label in labels]
    types = ContentType.objects.get_for_models(*models)
    return {"machines": labels, "content_types": [types[model].pk for model in models]}


def _list_edges() -> Mapping[str, Any]:
    names = ("machines", "transitions", "sources", "targets")
    return dict(zip(names, map(list, zip(*_edges(), strict=True)), strict=True))


def _edges() -> Iterator[tuple[str, str, str, str]]:
    """Yield (machine, transition, source, target) of each edge; creation has no source."""
    for machine in list_machines():
        yield machine.label, CREATION, "", machine.initial
        for edge in machine.edges():
            yield machine.label, edge.transition.name, edge.source, edge.target


LOG_INVARIANTS = (
    Invariant(
        code="L3",
        name="workflows.each_log_row_has_its_event",
        model="workflows.transitionrecord",
        holds=_("Each row of the log has one event, of the same object and its machine."),
        mend=FORGED,
        sql=ROWS_ARE_NOT_PAIRED,
        parameters=_list_machine_types,
    ),
    Invariant(
        code="L4",
        name="workflows.events_go_along_edges",
        model="workflows.transitionrecord",
        holds=_("Every event is a transition of its machine, along one of its edges."),
        mend=_(
            "Either it was written past the application, or a release took an edge away that histories still have: "
            "then declare the edge again."
        ),
        sql=EVENTS_LEAVE_EDGES,
        parameters=_list_edges,
    ),
    Invariant(
        code="L6",
        name="workflows.events_name_their_actor",
        model="workflows.transitionrecord",
        holds=_("Every event names who acted, a user or a part of the system."),
        mend=FORGED,
        sql=ACTORS_ARE_NOT_NAMED,
    ),
    Invariant(
        code="L8",
        name="workflows.each_event_has_its_passage",
        model="workflows.transitionrecord",
        holds=_("The process map counts each event once, as it stands in the log."),
        mend=_(
            "The figures of the process maps are wrong, and nothing else: have a database administrator empty "
            "workflows_passage and fill it anew from the log, as the migration 0006_count_the_past does."
        ),
        sql=PASSAGES_DIFFER,
    ),
)
