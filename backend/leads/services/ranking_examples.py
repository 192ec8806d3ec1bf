"""What rankings learn from: every answered offer, with the features that ranking saw when it was made."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from backend.matching.parts import PARTS_SCALE

__all__ = ["Example", "read_examples"]

# Candidates are in columns, in older decisions in dictionaries (`leads.models.candidates`).
# An offer that staff took back, or that ended unanswered with its lead, says nothing of its provider; of one by hand,
# people had talked before, which no feature shows.  Whether one that has lost was accepted, the log knows.
_OFFERS = """
SELECT a.created_at, ranked.parts, a.status, EXISTS (
    SELECT FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.machine = 'leads.leadassignment' AND r.object_id = a.id AND s.transition = 'accept')
FROM leads_leadassignment AS a
JOIN leads_routingdecision AS d ON d.id = a.decision_id
CROSS JOIN LATERAL (
    SELECT entry -> 'parts' AS parts
    FROM jsonb_path_query(d.candidates, 'strict $[*] ? (@.outcome == "offered" && @.provider == $provider)',
                          jsonb_build_object('provider', a.provider_id), silent => true) AS entry
    UNION ALL
    SELECT (SELECT jsonb_agg(jsonb_build_array(name, (vals ->> place)::int / %(scale)s::numeric, null)) FROM ROWS FROM (
                jsonb_array_elements(d.candidates -> 'features'), jsonb_array_elements(d.candidates -> 'values')
            ) AS features (name, vals))
    FROM (SELECT nth::int - 1 AS place
          FROM jsonb_array_elements(d.candidates -> 'provider') WITH ORDINALITY AS column_of (provider, nth)
          WHERE provider = to_jsonb(a.provider_id)) AS places
    WHERE d.candidates -> 'outcome' ->> place = 'offered'
) AS ranked
WHERE NOT a.was_claimed AND NOT d.is_by_hand AND a.status <> 'offered'
    AND a.created_at >= %(since)s AND a.created_at < %(until)s
ORDER BY a.created_at, a.id
"""

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Example:
    """One answered offer: its features as of the offer; ``won`` None while the client has not chosen."""

    at: datetime.datetime
    features: dict[str, float]
    accepted: bool
    won: bool | None


def read_examples(since: datetime.datetime, until: datetime.datetime) -> Iterator[Example]:
    """Yield the answered offers that were made in a time, the earliest first: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFERS, {"since": since, "until": until, "scale": PARTS_SCALE})
        while rows := cursor.fetchmany(_CHUNK):
            for at, parts, status, was_accepted in rows:
                if status in ("declined", "expired") or was_accepted:
                    yield _example_of(at, parts, status, was_accepted=was_accepted)


def _example_of(at: datetime.datetime, parts: str, status: str, *, was_accepted: bool) -> Example:
    features = {name: value for name, value, _contribution in json.loads(parts) if name != "base"}
    won = status == "won" if was_accepted and status in ("won", "lost") else None
    return Example(at, features, was_accepted, won)
