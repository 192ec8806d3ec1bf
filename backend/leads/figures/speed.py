"""Speed to lead: how long it takes from the request to a provider who takes it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from backend.leads.figures.first_events import FIRST_ACCEPTED, FIRST_VERIFIED, OF_THE_CATEGORY, read_rows
from backend.leads.figures.scope import Scope

__all__ = ["Leg", "Pace", "Speed", "measure_speed"]


class Leg(TextChoices):
    """A part of the way of a lead, named for what it takes; the last is the whole."""

    VERIFYING = "verifying", _("Submitted → verified")
    PLACING = "placing", _("Verified → first accepted")
    WHOLE = "whole", _("Submitted → first accepted")


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a leg took the leads that ended it in a span; None: none did."""

    leads: int = 0
    median: datetime.timedelta | None = None
    p90: datetime.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """The pace of a leg in the period, and in the one before."""

    now: Pace
    before: Pace


# `percentile_cont` interpolates between the two nearest; the first event counts, so a reopened lead counts once.
_SPEED = f"""
WITH {FIRST_VERIFIED}, {FIRST_ACCEPTED}, leg AS (
    SELECT 'verifying' AS name, verified.at AS ended_at, verified.at - lead.created_at AS took
      FROM verified JOIN leads_lead AS lead ON lead.id = verified.lead_id
     WHERE {OF_THE_CATEGORY}
    UNION ALL
    SELECT part.name, accepted.at, part.took
      FROM accepted
      JOIN leads_lead AS lead ON lead.id = accepted.lead_id
      CROSS JOIN LATERAL (
          SELECT min(event.timestamp) AS at FROM django_fsm_log_statelog AS event
           WHERE event.content_type_id = %(lead_type)s AND event.object_id = lead.id
             AND event.transition = 'verify') AS verification
      CROSS JOIN LATERAL (VALUES ('placing', accepted.at - verification.at),
                                 ('whole', accepted.at - lead.created_at)) AS part (name, took)
     WHERE {OF_THE_CATEGORY}
)
SELECT name, ended_at >= %(since)s AS is_now, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY took), percentile_cont(0.9) WITHIN GROUP (ORDER BY took)
  FROM leg
 GROUP BY name, is_now
"""  # noqa: S608  built of constants alone


def measure_speed(scope: Scope) -> dict[Leg, Speed]:
    """Return for each leg how long it took the leads that ended it in the period, and before; one statement."""
    rows = read_rows(_SPEED, scope, scope.span, first=scope.span.before.since)
    paces = {(name, is_now): Pace(leads, median, p90) for name, is_now, leads, median, p90 in rows}
    return {
        leg: Speed(paces.get((leg.value, True), Pace()), paces.get((leg.value, False), Pace())) for leg in Leg
    }
