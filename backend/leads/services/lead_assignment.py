"""Assignment: turn a routing decision into offers and tips, and tell everybody concerned, once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from backend.leads import selectors
from backend.leads.models import LeadAssignment, LeadTip, RoutingDecision
from backend.leads.services import announcements
from backend.leads.terms import Terms
from backend.matching.rules import BUSY
from backend.notifications.selectors import find_quiet_ends
from workflows import clock

__all__ = ["LeadAssignmentService"]

Entry = Mapping[str, Any]
"""One candidate of a decision: see ``RoutingDecision``."""


class LeadAssignmentService:
    """Makes the offers that decisions name: the best N get an offer, the next M are told and may claim."""

    def assign(self, decision: RoutingDecision) -> list[LeadAssignment]:
        """Create the offers and tips of a decision and their notifications: as ``assign_many``, of one.

        Raises: django.db.IntegrityError when a provider was offered this lead before: nobody is offered it twice.
        """
        return self.assign_many([decision])

    def assign_many(self, decisions: Sequence[RoutingDecision]) -> list[LeadAssignment]:
        """Create the offers and tips of decisions and their notifications, in the running transaction.

        Raises: django.db.IntegrityError when a provider was offered a lead before: nobody is offered it twice.
        """
        assignments = self._create_offers(_list_entries(decisions, "offered"))
        self._create_tips(_list_entries(decisions, "told"))
        announcements.tell_providers(decisions, assignments)
        for decision in _list_without_offers(decisions):
            announcements.tell_staff_of_shortfall(decision)
        return assignments

    def _create_offers(self, offered: Sequence[tuple[RoutingDecision, Entry]]) -> list[LeadAssignment]:
        if not offered:
            return []
        quiet_ends = find_quiet_ends({entry["user"] for _decision, entry in offered}, at=clock.now())
        return LeadAssignment.objects.bulk_create(
            [
                _offer(decision, entry, quiet_until=quiet_ends.get(entry["user"]))
                for decision, entry in offered
            ]
        )

    def _create_tips(self, told: Sequence[tuple[RoutingDecision, Entry]]) -> None:
        """Give those that are told their right to claim; one that has it already was told anew."""
        if told:
            LeadTip.objects.bulk_create(
                [
                    LeadTip(lead=decision.lead, provider_id=entry["provider"], decision=decision)
                    for decision, entry in told
                ],
                update_conflicts=True,
                unique_fields=["lead", "provider"],
                update_fields=["decision", "created_at"],
            )


def _list_entries(decisions: Sequence[RoutingDecision], outcome: str) -> list[tuple[RoutingDecision, Entry]]:
    return [
        (decision, entry)
        for decision in decisions
        for entry in decision.candidates
        if entry["outcome"] == outcome
    ]


def _offer(
    decision: RoutingDecision, entry: Entry, *, quiet_until: datetime.datetime | None
) -> LeadAssignment:
    return LeadAssignment(
        lead=decision.lead,
        provider_id=entry["provider"],
        decision=decision,
        rank=entry["rank"],
        score=entry["score"],
        # Whoever chose by hand had talked to the provider: no prediction knows of that.
        predicted=None if decision.is_by_hand else entry["accepts"],
        propensity=entry["propensity"],
        **_times_of(
            entry,
            quiet_until=quiet_until,
            deadline_at=decision.lead.deadline_at,
            terms=decision.terms,
        ),
    )


def _list_without_offers(decisions: Sequence[RoutingDecision]) -> list[RoutingDecision]:
    """Return the decisions after which nobody has an offer of the lead; one that was busy is asked again at once."""
    empty = [
        decision
        for decision in decisions
        if not decision.offered_count and all(entry["outcome"] != BUSY.code for entry in decision.candidates)
    ]
    counts = selectors.count_offers_by_lead([decision.lead_id for decision in empty]) if empty else {}
    return [decision for decision in empty if not counts[decision.lead_id].occupied]


def _times_of(
    entry: Entry, *, quiet_until: datetime.datetime | None, deadline_at: datetime.datetime, terms: Terms
) -> dict[str, datetime.datetime]:
    """Return when an offer's time begins, when its provider is reminded, and when it ends.

    The time begins when the provider is open and may be disturbed: one that is offered a lead at night has its
    hours from the morning on.  However late that is, it ends with the lead.
    """
    now = clock.now()
    opens_at = datetime.datetime.fromisoformat(entry["opens_at"]) if entry["opens_at"] else now
    starts_at = min(max(now, opens_at, quiet_until or now), deadline_at)
    expires_at = min(starts_at + terms.offer_open_for, deadline_at)
    remind_at = max(expires_at - terms.offer_reminder_before, starts_at + (expires_at - starts_at) / 2)
    return {"starts_at": starts_at, "expires_at": expires_at, "remind_at": remind_at}
