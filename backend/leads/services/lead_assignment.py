"""Assignment: turn a routing decision into offers, and tell everybody concerned, once."""

from __future__ import annotations

from typing import Any

from backend.leads import selectors
from backend.leads.models import LeadAssignment, RoutingDecision
from backend.leads.services import announcements
from backend.leads.terms import TERMS
from workflows import clock

__all__ = ["LeadAssignmentService"]


class LeadAssignmentService:
    """Makes the offers that a decision names: the best N get an offer, the next M are told and may claim."""

    def assign(self, decision: RoutingDecision) -> list[LeadAssignment]:
        """Create the offers of a decision and their notifications, in the running transaction.

        Raises: django.db.IntegrityError when a provider was offered this lead before: nobody is offered it twice.
        """
        offered = [entry for entry in decision.candidates if entry["outcome"] == "offered"]
        told = [entry for entry in decision.candidates if entry["outcome"] == "told"]
        assignments = self._create_offers(decision, offered)
        announcements.tell_providers(decision.lead, offered=offered, told=told)
        if not decision.offered_count and not selectors.count_offers(decision.lead).occupied:
            announcements.tell_staff_of_shortfall(decision)
        return assignments

    def _create_offers(
        self, decision: RoutingDecision, offered: list[dict[str, Any]]
    ) -> list[LeadAssignment]:
        if not offered:
            return []
        expires_at = min(clock.now() + TERMS.offer_open_for, decision.lead.deadline_at)
        return LeadAssignment.objects.bulk_create(
            [
                LeadAssignment(
                    lead=decision.lead,
                    provider_id=entry["provider"],
                    decision=decision,
                    rank=entry["rank"],
                    score=entry["score"],
                    expires_at=expires_at,
                )
                for entry in offered
            ]
        )
