"""What waits now: for staff, and for a provider."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet

from backend.leads.figures.milestones import has_no_offer, lacks_providers
from backend.leads.figures.scope import Scope
from backend.leads.models import Lead

__all__ = ["OldestLead", "WaitingLeads", "summarize_waiting"]


@dataclass(frozen=True, slots=True)
class OldestLead:
    """The new lead that waits longest."""

    pk: int
    reference: str
    since: datetime.datetime


@dataclass(frozen=True, slots=True)
class WaitingLeads:
    """How many leads wait, and for what; ``oldest`` None: none is new; ``next_try_at`` None: none is tried again."""

    new: int
    oldest: OldestLead | None
    without_offer: int
    lacking: int
    next_try_at: datetime.datetime | None


def summarize_waiting(scope: Scope) -> WaitingLeads:
    """Return what waits now, whatever the period; two statements."""
    open_leads = _leads_of(scope).filter(status__in=["new", "verified", "quoted"])
    counts = open_leads.aggregate(
        new=Count("pk", filter=Q(status="new")),
        without_offer=Count("pk", filter=has_no_offer()),
        lacking=Count("pk", filter=lacks_providers()),
        next_try_at=Min("retry_at", filter=lacks_providers()),
    )
    return WaitingLeads(oldest=_find_oldest(scope), **counts)


def _find_oldest(scope: Scope) -> OldestLead | None:
    rows = _leads_of(scope).filter(status="new").order_by("state_since", "pk")
    row = rows.values_list("pk", "reference", "state_since").first()
    return OldestLead(*row) if row else None


def _leads_of(scope: Scope) -> QuerySet[Lead]:
    leads: QuerySet[Lead] = Lead._base_manager.order_by()
    return leads if scope.category_id is None else leads.filter(category=scope.category_id)
