"""What a provider sees of one lead at a glance: the same in the list and at the head of its page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backend.leads.models import Lead, LeadAssignment, LeadTip
from backend.matching.geography import distance_between
from backend.users.models import ProviderProfile
from workflows import clock, machine_of
from workflows.machine import State

__all__ = ["Card", "card_of_offer", "card_of_tip"]


@dataclass(frozen=True, slots=True)
class Card:
    """One lead as one provider sees it; ``offer`` None: it was told of it, and may claim a place.

    ``told_at`` is when it was offered or told; the provider's time runs from ``starts_at`` to ``ends_at``.
    ``obstacle`` says why the provider cannot take the lead now, "" when it can.  ``places_free`` counts what may be
    claimed.
    """

    lead: Lead
    offer: LeadAssignment | None
    distance_km: float
    told_at: datetime.datetime
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    obstacle: str = ""
    places_free: int = 0

    @property
    def status(self) -> str:
        """Return the state of the offer; ``claimable`` where there is none."""
        return self.offer.status if self.offer else "claimable"

    @property
    def state(self) -> State | None:
        """Return the state of the offer with its label and tone, or None where there is none."""
        return machine_of(LeadAssignment).state(self.offer.status) if self.offer else None

    @property
    def place(self) -> str:
        """Return where the work is, and how far that is from the provider."""
        # A number is not parted from its unit at the end of a line.
        distance = _("%d\N{NO-BREAK SPACE}km away") % round(self.distance_km)
        if self.distance_km < 1:
            distance = _("under 1\N{NO-BREAK SPACE}km away")
        return f"{self.lead.place_name}, {distance}" if self.lead.place_name else distance

    @property
    def part_left(self) -> float:
        """Return how much of the provider's time is left, from 1 to 0."""
        whole = (self.ends_at - self.starts_at).total_seconds()
        left = (self.ends_at - clock.now()).total_seconds()
        return min(1.0, max(0.0, left / whole)) if whole > 0 else 0.0

    @property
    def facts(self) -> tuple[Any, ...]:
        """Return all that is shown and does not change with time alone."""
        lead, offer = self.lead, self.offer
        shown = (lead.title, str(lead.category), lead.place_name, lead.budget, lead.urgency, lead.language)
        return (
            lead.reference,
            *shown,
            offer and offer.version,
            self.ends_at.isoformat(),
            self.obstacle,
            self.places_free,
        )


def card_of_offer(offer: LeadAssignment, provider: ProviderProfile, *, obstacle: str = "") -> Card:
    """Return the card of an offer."""
    return Card(
        lead=offer.lead,
        offer=offer,
        distance_km=_distance(offer.lead, provider),
        told_at=offer.created_at,
        starts_at=offer.starts_at,
        ends_at=offer.expires_at,
        obstacle=obstacle,
    )


def card_of_tip(tip: LeadTip, provider: ProviderProfile, *, obstacle: str = "", places_free: int = 0) -> Card:
    """Return the card of a lead that the provider was told of."""
    return Card(
        lead=tip.lead,
        offer=None,
        distance_km=_distance(tip.lead, provider),
        told_at=tip.created_at,
        starts_at=tip.created_at,
        ends_at=tip.lead.deadline_at,
        obstacle=obstacle,
        places_free=places_free,
    )


def _distance(lead: Lead, provider: ProviderProfile) -> float:
    return distance_between((lead.latitude, lead.longitude), (provider.latitude, provider.longitude))
