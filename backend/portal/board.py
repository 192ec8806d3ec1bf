"""The offers of a provider, in groups: read in a number of statements that does not grow with them."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backend.leads.guards import find_obstacle_to_accept, find_obstacle_to_claim
from backend.leads.models import LeadAssignment, LeadTip
from backend.leads.selectors import OfferCounts, count_offers_by_lead, list_offers_of, list_tips_of
from backend.leads.terms import Terms
from backend.leads.terms_in_force import TermsBook, read_terms_book
from backend.matching.capacity import find_obstacle
from backend.matching.rules import get_rule
from backend.portal.cards import Card, card_of_offer, card_of_tip
from backend.users.models import ProviderProfile
from workflows import clock

__all__ = ["Board", "list_past_offers", "read_board"]

PAST_FOR = datetime.timedelta(days=30)
CARDS_MAX = 50
"""Cards of a group that are shown; a provider with more of them open has another problem than the page."""

Counts = Mapping[int, OfferCounts]


@dataclass(frozen=True, slots=True)
class Board:
    """What a provider has to do with now: ``waiting`` for its answer (soonest end first), to claim, accepted."""

    waiting: tuple[Card, ...]
    claimable: tuple[Card, ...]
    accepted: tuple[Card, ...]

    @property
    def fingerprint(self) -> str:
        """Return what tells this board from one that shows anything else; the time that is left does not count."""
        groups = (self.waiting, self.claimable, self.accepted)
        facts = repr([[card.facts for card in group] for group in groups])
        return hashlib.sha256(facts.encode()).hexdigest()[:16]


def read_board(provider: ProviderProfile) -> Board:
    """Read the offers of a provider that are open or accepted, and what it may claim: six statements at most."""
    status = LeadAssignment.Status
    offers = list_offers_of(provider)
    waiting = list(offers.filter(status=status.OFFERED).order_by("expires_at", "pk")[:CARDS_MAX])
    accepted = offers.filter(status=status.ACCEPTED).order_by("-state_since", "-pk")[:CARDS_MAX]
    tips = list(list_tips_of(provider)[:CARDS_MAX])
    counts = count_offers_by_lead({*(one.lead_id for one in waiting), *(one.lead_id for one in tips)})
    book = read_terms_book()
    return Board(
        waiting=tuple(_waiting_card(offer, provider, counts, book) for offer in waiting),
        claimable=_claimable_cards(tips, provider, counts, book),
        accepted=tuple(card_of_offer(offer, provider) for offer in accepted),
    )


def list_past_offers(provider: ProviderProfile) -> QuerySet[LeadAssignment]:
    """Return the offers of a provider that ended in the last 30 days, the latest first."""
    ended = list_offers_of(provider).filter(
        status__in=LeadAssignment.Workflow.closed, state_since__gte=clock.now() - PAST_FOR
    )
    return ended.order_by("-state_since", "-pk")


def _waiting_card(offer: LeadAssignment, provider: ProviderProfile, counts: Counts, book: TermsBook) -> Card:
    terms = book.of(offer.lead.category_id)
    obstacle = find_obstacle_to_accept(offer.lead, counts[offer.lead_id], terms=terms)
    sentence = str(obstacle.message) if obstacle else ""
    if offer.expires_at <= clock.now():
        sentence = _("Its time is over.")
    return card_of_offer(offer, provider, obstacle=sentence)


def _claimable_cards(
    tips: list[LeadTip], provider: ProviderProfile, counts: Counts, book: TermsBook
) -> tuple[Card, ...]:
    if not tips:
        return ()
    code = find_obstacle(provider.pk, at=clock.now())
    own_obstacle = f"{provider} {get_rule(code).sentence}." if code else ""
    return tuple(
        _claimable_card(tip, provider, counts[tip.lead_id], own_obstacle, book.of(tip.lead.category_id))
        for tip in tips
    )


def _claimable_card(
    tip: LeadTip, provider: ProviderProfile, counts: OfferCounts, own_obstacle: str, terms: Terms
) -> Card:
    obstacle = find_obstacle_to_claim(tip.lead, counts, terms=terms)
    return card_of_tip(
        tip,
        provider,
        obstacle=str(obstacle.message) if obstacle else own_obstacle,
        places_free=0 if obstacle else _count_free(counts, terms),
    )


def _count_free(counts: OfferCounts, terms: Terms) -> int:
    return max(0, min(terms.places - counts.occupied, terms.accepted_max - counts.accepted))
