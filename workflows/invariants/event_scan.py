"""One look at every event, which answers all invariants that an event alone, or with the one before it, can violate.

Each of them on its own reads both tables of the log and joins them, and the joins are most of the work: together
they take a third of the time.  The processors share the statement, and it sees the log as of one instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from workflows.audit import CREATION
from workflows.hash_chain import DIGEST
from workflows.invariants.invariant import SharedScan
from workflows.passages import EDGE, MAGNITUDE, SPENT_US
from workflows.registry import list_machines

__all__ = ["CHAIN_IS_WHOLE", "EVENT_SCAN", "STEPS_MEET"]

STEPS_MEET = "each_event_begins_where_the_one_before_ended"
CHAIN_IS_WHOLE = "hash_chain_is_whole"

# django-fsm-log may keep the log of other models too: those rows have no events, and no machine.
_IS_UNPAIRED = "known.machine IS DISTINCT FROM r.machine OR r.object_id <> s.object_id"

_LEAVES_EDGES = """
    (r.machine, s.transition, coalesce(s.source_state, ''), s.state) NOT IN (
        SELECT * FROM unnest(%(edge_machines)s::text[], %(transitions)s::text[], %(sources)s::text[],
                             %(targets)s::text[]))
"""

_HIDES_ACTOR = """
    r.actor IS DISTINCT FROM 'user:' || s.by_id AND (s.by_id IS NOT NULL OR r.actor NOT LIKE 'system:%%')
"""

# The first event has none before it, hence no state and no hash either; where one is missing, both differ.
_MISSES_STEP = "s.source_state IS DISTINCT FROM before.state"
_BREAKS_CHAIN = f"""
    r.hash <> {DIGEST.format(record="r", log="s")}
    OR r.previous_hash <> CASE r.sequence WHEN 1 THEN '' ELSE coalesce(before.hash, 'missing') END
"""

# The magnitude follows from the time that is kept, which is compared itself.
_HAS_ANOTHER_PASSAGE = f"""
    (s.timestamp, {SPENT_US}, {EDGE}, s.object_id, s.content_type_id, {MAGNITUDE.format(spent_us="kept.spent_us")})
    IS DISTINCT FROM
    (kept.at, kept.spent_us, kept.edge, kept.object_id, kept.content_type_id, kept.magnitude)
"""

# The conditions stand in the subquery's own filter, so that the processors share them; VALUES, which takes one row for
# each, is reached by violations alone.
_SCAN = f"""
SELECT violation.name, violation.id
FROM (
    SELECT * FROM (
        SELECT coalesce(s.id, kept.log_id) AS log_id, r.machine, r.object_id,
               s.id IS NOT NULL AND ({_IS_UNPAIRED}) AS is_unpaired,
               r.log_id IS NOT NULL AND ({_LEAVES_EDGES}) AS leaves_edges,
               r.log_id IS NOT NULL AND ({_HIDES_ACTOR}) AS hides_actor,
               r.log_id IS NOT NULL AND ({_MISSES_STEP}) AS misses_step,
               r.log_id IS NOT NULL AND ({_BREAKS_CHAIN}) AS breaks_chain,
               CASE WHEN r.log_id IS NULL THEN kept.log_id IS NOT NULL ELSE {_HAS_ANOTHER_PASSAGE} END
                   AS has_another_passage
        FROM django_fsm_log_statelog AS s
        LEFT JOIN workflows_transitionrecord AS r ON r.log_id = s.id
        LEFT JOIN unnest(%(machines)s::text[], %(content_types)s::int[]) AS known (machine, content_type)
          ON known.content_type = s.content_type_id
        LEFT JOIN (
            SELECT pr.machine, pr.object_id, pr.sequence, pr.hash, ps.state
            FROM workflows_transitionrecord AS pr JOIN django_fsm_log_statelog AS ps ON ps.id = pr.log_id
        ) AS before
          ON before.machine = r.machine AND before.object_id = r.object_id AND before.sequence = r.sequence - 1
        FULL JOIN workflows_passage AS kept ON kept.log_id = r.log_id
    ) AS looked_at
    WHERE is_unpaired OR leaves_edges OR hides_actor OR misses_step OR breaks_chain OR has_another_passage
) AS event
CROSS JOIN LATERAL (VALUES
    ('workflows.each_log_row_has_its_event', log_id, is_unpaired),
    ('workflows.events_go_along_edges', log_id, leaves_edges),
    ('workflows.events_name_their_actor', log_id, hides_actor),
    ('workflows.each_event_has_its_passage', log_id, has_another_passage),
    (machine || '.{STEPS_MEET}', object_id, misses_step),
    (machine || '.{CHAIN_IS_WHOLE}', object_id, breaks_chain)
) AS violation (name, id, is_one)
WHERE violation.is_one
"""  # noqa: S608  built of constants alone


def _list_machines_and_edges() -> Mapping[str, Any]:
    labels = [machine.label for machine in list_machines()]
    models = [apps.get_model(label) for label in labels]
    types = ContentType.objects.get_for_models(*models)
    names = ("edge_machines", "transitions", "sources", "targets")
    edges = dict(zip(names, map(list, zip(*_edges(), strict=True)), strict=True))
    return {"machines": labels, "content_types": [types[model].pk for model in models], **edges}


def _edges() -> Iterator[tuple[str, str, str, str]]:
    """Yield (machine, transition, source, target) of each edge; creation has no source."""
    for machine in list_machines():
        yield machine.label, CREATION, "", machine.initial
        for edge in machine.edges():
            yield machine.label, edge.transition.name, edge.source, edge.target


EVENT_SCAN = SharedScan(_SCAN, _list_machines_and_edges)
