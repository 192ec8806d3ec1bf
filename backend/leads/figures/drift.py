"""Whether providers accept as often as ranking promised: by week, by model, and by what was promised.

An offer counts in the week in which it was made, once its provider has answered it or let it run out.  Offers that
were claimed or chosen by hand were promised nothing.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from backend.leads.figures.calibration import Tally
from backend.leads.figures.fill import SETTLED_AFTER
from backend.leads.figures.first_events import OF_THE_CATEGORY, read_rows
from backend.leads.figures.scope import WEEK, Scope, Span, span_of_week

__all__ = ["Bin", "Drift", "Week", "last_settled_week", "measure_drift", "measure_week", "span_of_weeks"]


@dataclass(frozen=True, slots=True)
class Week:
    """One week: the tally of each model that ranked its offers, by the model's name.

    ``is_settled``: over for so long that its last offers have been answered or have run out.
    """

    span: Span
    by_model: tuple[tuple[str, Tally], ...]
    is_settled: bool

    @property
    def tally(self) -> Tally:
        """Return the tally of the whole week."""
        return sum((tally for _model, tally in self.by_model), Tally())


@dataclass(frozen=True, slots=True)
class Bin:
    """Offers that were promised about as much: from ``low`` to under ``high``."""

    low: float
    high: float
    tally: Tally


@dataclass(frozen=True, slots=True)
class Drift:
    """The weeks, oldest first, those without an answered offer too; and the bins that have any, by rising promise."""

    weeks: tuple[Week, ...]
    bins: tuple[Bin, ...]

    @property
    def tally(self) -> Tally:
        """Return the tally of all weeks."""
        return sum((week.tally for week in self.weeks), Tally())


_BINS = 10

# An offer starts at version 1: one that was lost or withdrawn at version 3 was accepted before.  What was certain
# counts as 1 − 10⁻¹², as in `matching.learning.metrics`.
_DRIFT = f"""
WITH answered AS (
    SELECT date_trunc('week', offer.created_at AT TIME ZONE %(zone)s)::date AS week,
           split_part(decision.policy_version, ' · ', -1) AS model,
           least(width_bucket(offer.predicted, 0, 1, {_BINS}), {_BINS}) AS bin,
           offer.predicted AS p, offer.status NOT IN ('declined', 'expired') AS was_accepted
      FROM leads_leadassignment AS offer
      JOIN leads_routingdecision AS decision ON decision.id = offer.decision_id
      JOIN leads_lead AS lead ON lead.id = offer.lead_id
     WHERE offer.created_at >= %(since)s AND offer.created_at < %(until)s AND offer.predicted IS NOT NULL
       AND (offer.status IN ('accepted', 'won', 'declined', 'expired')
            OR offer.status IN ('lost', 'withdrawn') AND offer.version = 3)
       AND {OF_THE_CATEGORY}
)
SELECT week, model, bin, count(*), count(*) FILTER (WHERE was_accepted), sum(p), sum(p * (1 - p)),
       sum(power(p - was_accepted::int, 2)),
       sum(-ln(greatest(CASE WHEN was_accepted THEN p ELSE 1 - p END, 1e-12)))
  FROM answered GROUP BY GROUPING SETS ((week, model), (bin))
 ORDER BY week, model, bin
"""  # noqa: S608  built of constants alone


def measure_drift(scope: Scope) -> Drift:
    """Return how promises came true in the weeks that a period touches; one statement."""
    span = span_of_weeks(scope)
    rows = _read(scope, span)
    return Drift(
        tuple(_list_weeks(rows, span, now=scope.now)),
        tuple(Bin((row[2] - 1) / _BINS, row[2] / _BINS, Tally(*row[3:])) for row in rows if row[0] is None),
    )


def measure_week(scope: Scope) -> Week:
    """Return how promises came true in the last week that is settled; one statement."""
    span = last_settled_week(scope.now)
    (week,) = _list_weeks(_read(scope, span), span, now=scope.now)
    return week


def span_of_weeks(scope: Scope) -> Span:
    """Return the whole weeks that the period touches; the last ends now."""
    return Span(span_of_week(scope.list_days()[0]).since, scope.now)


def last_settled_week(now: datetime.datetime) -> Span:
    """Return the last week that ended so long ago that its offers have been answered or have run out."""
    return span_of_week(timezone.localdate(now - SETTLED_AFTER) - WEEK)


def _read(scope: Scope, span: Span) -> list[tuple[Any, ...]]:
    return read_rows(_DRIFT, scope, span, zone=timezone.get_current_timezone_name())


def _list_weeks(rows: Sequence[tuple[Any, ...]], span: Span, *, now: datetime.datetime) -> list[Week]:
    tallies: dict[datetime.date, list[tuple[str, Tally]]] = defaultdict(list)
    for monday, model, _bin, *sums in rows:
        if monday is not None:
            tallies[monday].append((model, Tally(*sums)))
    weeks, monday = [], timezone.localdate(span.since)
    while (whole := span_of_week(monday)).since < span.until:
        is_settled = whole.until + SETTLED_AFTER <= now
        part = Span(whole.since, min(whole.until, span.until))
        weeks.append(Week(part, tuple(tallies[monday]), is_settled))
        monday += WEEK
    return weeks
