"""How many verified leads found a provider."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from backend.leads.figures.first_events import FIRST_VERIFIED, OF_THE_CATEGORY, read_rows
from backend.leads.figures.scope import Scope, Span

__all__ = ["SETTLED_AFTER", "Fill", "count_filled", "settled_span"]

SETTLED_AFTER = datetime.timedelta(days=3)
"""A lead that was verified so long ago has had its chance: its first offers have been answered or have run out."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Of how many verified leads how many were accepted or claimed by a provider."""

    verified: int = 0
    filled: int = 0

    @property
    def rate(self) -> float | None:
        """Return the share that was filled; None when there are no leads."""
        return self.filled / self.verified if self.verified else None


_FILL = f"""
WITH {FIRST_VERIFIED}
SELECT verified.at >= %(since)s AS is_now, count(*),
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM leads_leadassignment AS offer
             JOIN django_fsm_log_statelog AS event
               ON event.object_id = offer.id AND event.content_type_id = %(offer_type)s
            WHERE offer.lead_id = lead.id AND event.state = 'accepted'))
  FROM verified JOIN leads_lead AS lead ON lead.id = verified.lead_id
 WHERE {OF_THE_CATEGORY}
 GROUP BY is_now
"""  # noqa: S608  built of constants alone


def settled_span(scope: Scope) -> Span:
    """Return the period as long as the chosen one whose last leads have just had their chance."""
    return scope.span.earlier(SETTLED_AFTER)


def count_filled(scope: Scope) -> tuple[Fill, Fill]:
    """Count the leads verified in the settled period, and before, and the filled among them; one statement."""
    span = settled_span(scope)
    rows = read_rows(_FILL, scope, span, first=span.before.since)
    fills = {is_now: Fill(verified, filled) for is_now, verified, filled in rows}
    return fills.get(True, Fill()), fills.get(False, Fill())
