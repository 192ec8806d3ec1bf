"""Of places: never more taken, never more accepted, than the terms of the time allowed.

The log says how many were taken after each event; the versions of the terms say when each was in force.  A
transition may have read terms that were replaced while it ran, and a batch keeps its own to its end: so what counts
is the largest limit of the hour before.  Which category a lead had then is not on record where it was revised or
reopened; of those every category's terms count.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg.sql import SQL, Identifier

from backend.leads.terms import BUILT_IN_TERMS
from workflows.invariants import Invariant

__all__ = ["PLACE_INVARIANTS"]

TOO_MANY_TAKEN = """
WITH version AS MATERIALIZED (
    SELECT category_id, {term} AS allowed, published_at AS since,
           CASE status WHEN 'past' THEN state_since ELSE 'infinity' END AS until
    FROM leads_termsversion WHERE published_at IS NOT NULL AND {term} IS NOT NULL
), suspect AS (
    -- Few leads have more offers than the smallest limit there ever was: the others need no look at their log.
    SELECT lead_id FROM leads_leadassignment GROUP BY lead_id
    HAVING count(*) > (SELECT least(%(built_in)s, min(allowed)) FROM version)
), step AS (
    SELECT a.lead_id, s.timestamp - interval '1 hour' AS at_least, s.timestamp + interval '1 minute' AS at_most,
           (s.state = ANY (%(taking)s))::int - coalesce((s.source_state = ANY (%(taking)s))::int, 0) AS more,
           sum((s.state = ANY (%(taking)s))::int - coalesce((s.source_state = ANY (%(taking)s))::int, 0))
               OVER (PARTITION BY a.lead_id ORDER BY r.log_id) AS taken
    FROM suspect JOIN leads_leadassignment AS a ON a.lead_id = suspect.lead_id
    JOIN workflows_transitionrecord AS r ON r.machine = 'leads.leadassignment' AND r.object_id = a.id
    JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
), large AS (
    SELECT step.*, l.category_id, EXISTS (
               SELECT FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
               WHERE r.machine = 'leads.lead' AND r.object_id = l.id AND s.transition IN ('revise', 'reopen')
           ) AS has_moved
    FROM step JOIN leads_lead AS l ON l.id = step.lead_id
    WHERE more > 0 AND taken > (SELECT least(%(built_in)s, min(allowed)) FROM version)
)
SELECT DISTINCT lead_id AS id
FROM large CROSS JOIN LATERAL (
    SELECT has_moved OR NOT EXISTS (
        SELECT FROM version WHERE version.category_id = large.category_id AND since <= at_least AND until > at_most
    ) AS counts
) AS market
WHERE taken > (
    SELECT max(allowed) FROM (
        SELECT allowed FROM version
        WHERE since <= at_most AND until > at_least
          AND (version.category_id = large.category_id OR has_moved OR (version.category_id IS NULL AND counts))
        UNION ALL
        SELECT %(built_in)s
        WHERE counts AND NOT EXISTS (SELECT FROM version WHERE category_id IS NULL AND since <= at_least)
    ) AS limits
)
"""

_OPEN_OR_ACCEPTED = ("offered", "accepted", "won")
_ACCEPTED = ("accepted", "won")


def _read_parameters(term: str, taking: tuple[str, ...]) -> Mapping[str, Any]:
    return {"built_in": getattr(BUILT_IN_TERMS, term), "taking": list(taking)}


def _invariant(term: str, taking: tuple[str, ...], **words: Any) -> Invariant:
    return Invariant(
        code="A1",
        model="leads.lead",
        sql=SQL(TOO_MANY_TAKEN).format(term=Identifier(term)).as_string(),
        parameters=functools.partial(_read_parameters, term, taking),
        **words,
    )


PLACE_INVARIANTS = (
    _invariant(
        "places",
        _OPEN_OR_ACCEPTED,
        name="leads.places_are_within_the_terms",
        holds=_(
            "Never were more offers of a lead open or accepted than it had places by the terms of the time."
        ),
        mend=_(
            "Withdraw those of its open offers that are too many. Its decisions name the terms they used."
        ),
    ),
    _invariant(
        "accepted_max",
        _ACCEPTED,
        name="leads.acceptances_are_within_the_terms",
        holds=_("Never had more providers accepted a lead than may by the terms of the time."),
        mend=_(
            "Ask the client with whom it talks, and withdraw an acceptance too many: its provider is told."
        ),
    ),
)
