"""What happened on each day of a period."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backend.leads.figures.first_events import FIRST_ACCEPTED, FIRST_VERIFIED, OF_THE_CATEGORY, read_rows
from backend.leads.figures.scope import Scope

__all__ = ["DayCount", "Series", "count_days"]


class Series(TextChoices):
    """What is counted day by day."""

    SUBMITTED = "submitted", _("Leads submitted")
    VERIFIED = "verified", _("Leads first verified")
    OFFERED = "offered", _("Offers made")
    ACCEPTED = "accepted", _("Leads first accepted")


@dataclass(frozen=True, slots=True)
class DayCount:
    """How much there was on a day."""

    day: datetime.date
    count: int


_DAYS = f"""
WITH {FIRST_VERIFIED}, {FIRST_ACCEPTED}, happened AS (
    SELECT 'submitted' AS series, lead.created_at AS at
      FROM leads_lead AS lead
     WHERE lead.created_at >= %(since)s AND lead.created_at < %(until)s AND {OF_THE_CATEGORY}
    UNION ALL
    SELECT 'verified', verified.at
      FROM verified JOIN leads_lead AS lead ON lead.id = verified.lead_id WHERE {OF_THE_CATEGORY}
    UNION ALL
    SELECT 'accepted', accepted.at
      FROM accepted JOIN leads_lead AS lead ON lead.id = accepted.lead_id WHERE {OF_THE_CATEGORY}
    UNION ALL
    SELECT 'offered', offer.created_at
      FROM leads_leadassignment AS offer JOIN leads_lead AS lead ON lead.id = offer.lead_id
     WHERE offer.created_at >= %(since)s AND offer.created_at < %(until)s AND {OF_THE_CATEGORY}
)
SELECT series, (at AT TIME ZONE %(zone)s)::date AS day, count(*) FROM happened GROUP BY series, day
"""  # noqa: S608  built of constants alone


def count_days(scope: Scope) -> dict[Series, Sequence[DayCount]]:
    """Count each series on each day of the period, days without anything included; one statement."""
    rows = read_rows(_DAYS, scope, scope.span, zone=timezone.get_current_timezone_name())
    counts = {(series, day): count for series, day, count in rows}
    days = scope.list_days()
    return {series: [DayCount(day, counts.get((series.value, day), 0)) for day in days] for series in Series}
