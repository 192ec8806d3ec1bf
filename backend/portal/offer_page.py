"""What the page of one lead shows to one provider."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.utils.translation import gettext as _

from backend.leads.models import LeadAssignment, LeadContact, LeadTip
from backend.leads.selectors import explain_claim, list_offers_of
from backend.leads.services.contacts import ContactHidden, reveal_contact
from backend.leads.terms_in_force import held_terms
from backend.portal.cards import Card, card_of_offer, card_of_tip
from backend.portal.story import Moment, tell_story
from backend.portal.visitors import Visitor
from workflows import Availability, Explanation, explain

__all__ = ["OfferPage", "find_offer_page", "read_contact"]

_REVEALED_IN = (LeadAssignment.Status.ACCEPTED, LeadAssignment.Status.WON)


@dataclass(frozen=True, slots=True)
class OfferPage:
    """One lead for one provider; ``take`` is how it may take it now (accept or claim), None when that is past."""

    card: Card
    take: Explanation | None
    can_decline: bool
    story: tuple[Moment, ...]

    @property
    def can_take(self) -> bool:
        """Return whether it could take the lead now."""
        return self.take is not None and self.take.availability is Availability.AVAILABLE

    @property
    def is_open(self) -> bool:
        """Return whether an answer is still expected."""
        return self.take is not None


def find_offer_page(reference: str, visitor: Visitor) -> OfferPage:
    """Read the page of a lead.  Raises: Http404 when the provider was neither offered nor told of it."""
    offer = list_offers_of(visitor.provider).filter(lead__reference=reference).first()
    if offer is not None:
        with held_terms():
            return _page_of_offer(offer, visitor)
    tips = LeadTip.objects.filter(provider=visitor.provider, lead__reference=reference)
    tip = tips.select_related("lead__category").first()
    if tip is None:
        raise Http404(_("There is no such offer for you."))
    return _page_of_tip(tip, visitor)


def read_contact(page: OfferPage, visitor: Visitor) -> LeadContact | None:
    """Return the client's contact where the provider has accepted the lead, else None; the view is recorded."""
    offer = page.card.offer
    if offer is None or offer.status not in _REVEALED_IN:
        return None
    try:
        return reveal_contact(offer, by=visitor.user)
    except ContactHidden:
        # It ended between the two looks: the next one shows how.
        return None


def _page_of_offer(offer: LeadAssignment, visitor: Visitor) -> OfferPage:
    possible = {one.transition.name: one for one in explain(offer, by=visitor.user)}
    decline = possible.get("decline")
    return OfferPage(
        card=card_of_offer(offer, visitor.provider),
        take=possible.get("accept"),
        can_decline=decline is not None and decline.availability is Availability.AVAILABLE,
        story=tell_story(offer),
    )


def _page_of_tip(tip: LeadTip, visitor: Visitor) -> OfferPage:
    return OfferPage(
        card=card_of_tip(tip, visitor.provider),
        take=explain_claim(tip.lead, visitor.provider, by=visitor.user),
        can_decline=False,
        story=(Moment(_("You were told that you may claim it"), tip.created_at),),
    )
