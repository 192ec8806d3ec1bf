"""When leads were first verified and first accepted, as common table expressions of the statements beside this."""

from __future__ import annotations

from typing import Any

from django.db import connection

from backend.leads.figures.milestones import type_id_of
from backend.leads.figures.scope import Scope, Span
from backend.leads.models import Lead, LeadAssignment

__all__ = ["FIRST_ACCEPTED", "FIRST_VERIFIED", "OF_THE_CATEGORY", "read_rows"]

# One row per lead that was verified from ``first`` until before ``until``, and never before.
FIRST_VERIFIED = """
verified AS (
    SELECT event.object_id AS lead_id, min(event.timestamp) AS at
      FROM django_fsm_log_statelog AS event
     WHERE event.content_type_id = %(lead_type)s AND event.state = 'verified' AND event.transition = 'verify'
       AND event.timestamp >= %(first)s AND event.timestamp < %(until)s
       AND NOT EXISTS (
           SELECT FROM django_fsm_log_statelog AS earlier
            WHERE earlier.content_type_id = %(lead_type)s AND earlier.object_id = event.object_id
              AND earlier.transition = 'verify' AND earlier.timestamp < %(first)s)
     GROUP BY event.object_id
)"""

# One row per lead that a provider accepted or claimed from ``first`` until before ``until``, and none did before.
FIRST_ACCEPTED = """
accepted AS (
    SELECT offer.lead_id, min(event.timestamp) AS at
      FROM django_fsm_log_statelog AS event
      JOIN leads_leadassignment AS offer ON offer.id = event.object_id
     WHERE event.content_type_id = %(offer_type)s AND event.state = 'accepted'
       AND event.timestamp >= %(first)s AND event.timestamp < %(until)s
       AND NOT EXISTS (
           SELECT FROM leads_leadassignment AS other
             JOIN django_fsm_log_statelog AS earlier
               ON earlier.object_id = other.id AND earlier.content_type_id = %(offer_type)s
            WHERE other.lead_id = offer.lead_id
              AND earlier.state = 'accepted' AND earlier.timestamp < %(first)s)
     GROUP BY offer.lead_id
)"""

OF_THE_CATEGORY = "(%(category)s::bigint IS NULL OR lead.category_id = %(category)s)"


def read_rows(sql: str, scope: Scope, span: Span, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement about a span; one statement.

    It may name ``since``, ``until``, ``category`` (NULL: all), ``lead_type``, ``offer_type``, and ``first``, from
    which on events are looked at: ``since``, unless it is given as another.
    """
    named = {
        "first": span.since,
        "since": span.since,
        "until": span.until,
        "category": scope.category_id,
        "lead_type": type_id_of(Lead),
        "offer_type": type_id_of(LeadAssignment),
        **parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, named)
        return list(cursor.fetchall())
