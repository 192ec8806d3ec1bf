"""What an answer to an offer sets free: the provider's capacity, and the lead's place for the next best."""

from __future__ import annotations

from backend.leads.models import Lead, LeadAssignment
from backend.matching import capacity
from workflows import SystemActor, TransitionBlocked, afterwards

__all__ = ["free_capacity", "make_room"]

ROUTER = SystemActor("router")


def free_capacity(assignment: LeadAssignment) -> None:
    """Give the provider back what an open offer had reserved; one that was answered holds nothing any more."""
    if assignment.status == LeadAssignment.Status.OFFERED:
        capacity.release([assignment.provider_id])


def make_room(assignment: LeadAssignment) -> None:
    """Free the provider's capacity; once the offer has ended, offer the place to the next best."""
    free_capacity(assignment)
    afterwards(lambda: _offer_place_again(assignment.lead))


def _offer_place_again(lead: Lead) -> None:
    if not lead.is_offered:
        return
    try:
        lead.reroute(by=ROUTER)
    except TransitionBlocked:
        # Nothing to offer: the places are taken, the lead has made all its offers, or its time is over.
        return
