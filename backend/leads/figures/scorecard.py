"""How a provider dealt with the offers of a period, beside the other providers of its categories.

An offer says of itself what became of it: it starts at version 1 and each transition adds one, so that one which
was lost or withdrawn at version 3 was accepted before.  A claim is no answer: nobody had asked.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields

from django.db import connection

from backend.leads.figures.scope import Span

__all__ = ["Counts", "Rates", "Scorecard", "measure_scorecard"]


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares from 0 to 1 and times from an offer's start to its answer; None where nothing has happened yet.

    ``acceptance`` and ``expiry`` are shares of the offers that were answered or ran out, ``win_rate`` of the accepted
    and claimed ones whose client has chosen.
    """

    response_median: datetime.timedelta | None
    response_p90: datetime.timedelta | None
    acceptance: float | None
    win_rate: float | None
    expiry: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The provider's own offers: by state, and what its rates are shares of."""

    offered: int
    accepted: int
    won: int
    declined: int
    expired: int
    withdrawn: int
    lost: int
    claimed: int
    responses: int
    ever_accepted: int
    answered: int
    finished: int

    @property
    def made(self) -> int:
        """Return how many offers it got."""
        return sum(
            (
                self.offered,
                self.accepted,
                self.won,
                self.declined,
                self.expired,
                self.withdrawn,
                self.lost,
            )
        )


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What one provider did, and the median of what others did, each of whom had an offer in the period."""

    counts: Counts
    own: Rates
    others: Rates
    others_count: int


_STATES = ("offered", "accepted", "won", "declined", "expired", "withdrawn", "lost")

_BY_STATE = ", ".join(f"count(*) FILTER (WHERE status = '{state}') AS {state}" for state in _STATES)

_RATE_NAMES = tuple(field.name for field in fields(Rates))

_MEDIANS = ", ".join(f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {name}) AS {name}" for name in _RATE_NAMES)

# Only an offer that moved on after its answer asks the log when that was.
_SCORECARD = f"""
WITH category AS MATERIALIZED (
    SELECT category_id FROM users_providercategory WHERE provider_id = %(provider)s
), other AS MATERIALIZED (
    SELECT DISTINCT offered.provider_id AS id
      FROM users_providercategory AS offered JOIN category USING (category_id)
     WHERE offered.provider_id <> %(provider)s
), relevant AS (
    SELECT offer.* FROM leads_leadassignment AS offer
     WHERE offer.provider_id = %(provider)s
       AND offer.created_at >= %(since)s AND offer.created_at < %(until)s
    UNION ALL
    SELECT offer.* FROM other
      JOIN leads_leadassignment AS offer ON offer.provider_id = other.id
      JOIN leads_lead AS lead ON lead.id = offer.lead_id
      JOIN category ON category.category_id = lead.category_id
     WHERE offer.created_at >= %(since)s AND offer.created_at < %(until)s
), judged AS (
    SELECT *, status IN ('accepted', 'won') OR status IN ('lost', 'withdrawn') AND version = 3 AS was_accepted
      FROM relevant
), answered AS (
    SELECT judged.*,
           CASE WHEN was_claimed OR NOT (was_accepted OR status = 'declined') THEN NULL
                WHEN version = 2 THEN state_since
                ELSE (SELECT event.timestamp FROM workflows_transitionrecord AS record
                        JOIN django_fsm_log_statelog AS event ON event.id = record.log_id
                       WHERE record.machine = 'leads.leadassignment' AND record.object_id = judged.id
                         AND record.sequence = 2)
           END AS answered_at
      FROM judged
), summed AS (
    SELECT provider_id, {_BY_STATE},
           count(*) FILTER (WHERE was_claimed) AS claimed,
           count(answered_at) AS responses,
           count(*) FILTER (WHERE was_accepted AND NOT was_claimed) AS ever_accepted,
           count(*) FILTER (WHERE NOT was_claimed AND (was_accepted OR status IN ('declined', 'expired'))) AS answered,
           count(*) FILTER (WHERE was_accepted AND status IN ('won', 'lost')) AS finished,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY answered_at - starts_at) AS response_median,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY answered_at - starts_at) AS response_p90
      FROM answered GROUP BY provider_id
), figures AS MATERIALIZED (
    SELECT *, provider_id = %(provider)s AS is_own,
           ever_accepted::float / nullif(answered, 0) AS acceptance,
           won::float / nullif(finished, 0) AS win_rate,
           expired::float / nullif(answered, 0) AS expiry
      FROM summed
), others AS (
    SELECT {_MEDIANS}, count(*) AS providers FROM figures WHERE NOT is_own
)
SELECT {", ".join(f"coalesce(own.{field.name}, 0)" for field in fields(Counts))},
       {", ".join(f"own.{name}" for name in _RATE_NAMES)},
       {", ".join(f"others.{name}" for name in _RATE_NAMES)}, others.providers
  FROM others LEFT JOIN figures AS own ON own.is_own
"""  # noqa: S608  built of constants alone


def measure_scorecard(provider_id: int, *, span: Span) -> Scorecard:
    """Return what became of the offers made in a span, of a provider and of those of its categories; one statement.

    Of the others only offers of leads in a category of the provider's count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SCORECARD, {"provider": provider_id, "since": span.since, "until": span.until})
        row = cursor.fetchone()
    assert row is not None, "The statement returns one row, whatever there is."
    counts, rates = len(fields(Counts)), len(_RATE_NAMES)
    return Scorecard(
        counts=Counts(*row[:counts]),
        own=Rates(*row[counts : counts + rates]),
        others=Rates(*row[counts + rates : counts + 2 * rates]),
        others_count=row[-1],
    )
