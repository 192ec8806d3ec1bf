"""Reading leads and offers: what guards, services and pages ask."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Count, Q, QuerySet

from backend.leads.terms import TERMS

if TYPE_CHECKING:
    from backend.leads.models import Lead, LeadAssignment, LeadContact

__all__ = [
    "OfferCounts",
    "count_offers",
    "find_duplicate_of",
    "find_same_request",
    "is_accepted",
    "list_live_offers",
]

# States in which a lead still stands: a second one from the same contact is a duplicate of it.
STANDING = ("new", "verified", "quoted", "won")


@dataclass(frozen=True, slots=True)
class OfferCounts:
    """How many offers of a lead are open, are accepted (won ones too), and were made in all."""

    open: int
    accepted: int
    made: int

    @property
    def occupied(self) -> int:
        """Return how many places are taken."""
        return self.open + self.accepted


def count_offers(lead: Lead) -> OfferCounts:
    """Count the offers of a lead: one statement."""
    counts = lead.assignments.aggregate(
        open=Count("pk", filter=Q(status="offered")),
        accepted=Count("pk", filter=Q(status__in=("accepted", "won"))),
        made=Count("pk"),
    )
    return OfferCounts(**counts)


def list_live_offers(lead: Lead) -> QuerySet[LeadAssignment]:
    """Return the offers of a lead that are open or accepted, by provider: the order in which those are locked."""
    live = lead.assignments.filter(status__in=("offered", "accepted"))
    return live.select_related("provider").order_by("provider_id")


def is_accepted(assignment: LeadAssignment) -> bool:
    """Return whether the offer is accepted, as the database has it now."""
    return type(assignment)._base_manager.filter(pk=assignment.pk, status="accepted").exists()


def find_duplicate_of(lead: Lead) -> Lead | None:
    """Return the earliest standing lead that this one repeats, or None: one statement."""
    earlier = _same_requests(lead.contact, lead.category_id)
    earlier = earlier.filter(
        created_at__gte=lead.created_at - TERMS.duplicate_within,
        created_at__lte=lead.created_at,
        pk__lt=lead.pk,
    )
    return earlier.order_by("pk").first()


def find_same_request(contact: LeadContact, *, category_id: int, at: datetime.datetime) -> Lead | None:
    """Return the earliest standing lead that a new one of this contact would repeat at this instant, or None."""
    within = (at - TERMS.duplicate_within, at + TERMS.duplicate_within)
    return _same_requests(contact, category_id).filter(created_at__range=within).order_by("pk").first()


def _same_requests(contact: LeadContact, category_id: int) -> QuerySet[Lead]:
    leads: QuerySet[Lead] = apps.get_model("leads", "Lead")._base_manager.all()
    same = Q(pk__in=())
    if contact.email_key:
        same |= Q(contact__email_key=contact.email_key)
    if contact.phone_key:
        same |= Q(contact__phone_key=contact.phone_key)
    return leads.filter(same, category_id=category_id, status__in=STANDING)
