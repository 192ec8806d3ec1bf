"""What an answer to an offer brings about: capacity and places that become free, and a claim's place that is taken."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from backend.leads import selectors
from backend.leads.models import Lead, LeadAssignment, LeadTip
from backend.leads.services import supply
from backend.matching import capacity
from backend.matching.rules import get_rule
from backend.users.models import ProviderProfile
from workflows import Actor, SystemActor, TransitionBlocked, acting, afterwards, clock
from workflows.actors import current_acting
from workflows.conflicts import retrying
from workflows.guards import Check

__all__ = ["claim", "count_claim", "free_capacity", "make_room"]

ROUTER = SystemActor("router")


def free_capacity(assignment: LeadAssignment) -> None:
    """Give the provider back what an open offer had reserved; one that was answered holds nothing any more.

    If it could take no more until now, leads that lack providers are offered to it: by a job, after the commit.
    """
    if assignment.status == LeadAssignment.Status.OFFERED:
        for provider_id in capacity.release([assignment.provider_id]):
            supply.announce(provider_id)


def make_room(assignment: LeadAssignment) -> None:
    """Free the provider's capacity; once the offer has ended, offer the place to the next best."""
    free_capacity(assignment)
    afterwards(lambda: _offer_place_again(assignment.lead))


def claim(lead: Lead, *, provider: ProviderProfile, by: Actor) -> LeadAssignment:
    """Take a free place on a lead for a provider that was told of it; return the accepted offer.

    The offer is made and claimed in one transaction: ``LeadAssignment.claim`` guards it.

    Raises: workflows.TransitionRefused, with all reasons, when it cannot be claimed: nothing has changed.
    """
    return retrying(lambda: _claim(lead, provider, by=by))


@transaction.atomic
def _claim(lead: Lead, provider: ProviderProfile, *, by: Actor) -> LeadAssignment:
    # Lead before offer: whoever else takes or is given a place of this lead waits here.
    selectors.hold_status(lead)
    offer = _make_claimed_offer(lead, provider, _find_tip(lead, provider), by=by)
    offer.claim(by=by)
    return offer


def count_claim(assignment: LeadAssignment, *, by: Actor) -> None:
    """Count a claim against the provider's limits; it is answered as it is made, so it holds no open offer.

    Raises: workflows.TransitionBlocked when under the lock a limit is found to be reached.
    """
    provider_id = assignment.provider_id
    reservation = capacity.reserve([provider_id], count=1, at=clock.now())
    if provider_id in reservation.refused:
        sentence = get_rule(reservation.refused[provider_id]).sentence
        raise _refuse(assignment, "provider_has_capacity", f"{assignment.provider} {sentence}.")
    capacity.release([provider_id])


def _find_tip(lead: Lead, provider: ProviderProfile) -> LeadTip:
    """Return the provider's right to claim.  Raises: TransitionBlocked when it has none, or has an offer."""
    draft = LeadAssignment(lead=lead, provider=provider)
    if lead.assignments.filter(provider=provider).exists():
        raise _refuse(draft, "is_not_offered", _("This lead was offered to you already: answer that offer."))
    tip = lead.tips.filter(provider=provider).select_related("decision").first()
    if tip is None:
        raise _refuse(draft, "provider_was_told", _("You were not told that you may claim this lead."))
    return tip


def _make_claimed_offer(lead: Lead, provider: ProviderProfile, tip: LeadTip, *, by: Actor) -> LeadAssignment:
    ranked = next(entry for entry in tip.decision.candidates if entry["provider"] == provider.pk)
    with acting(by=by, channel=current_acting().channel):
        offer: LeadAssignment = LeadAssignment.objects.create(
            lead=lead,
            provider=provider,
            decision=tip.decision,
            rank=ranked["rank"],
            score=ranked["score"],
            was_claimed=True,
            expires_at=lead.deadline_at,
        )
    return offer


def _refuse(assignment: LeadAssignment, code: str, message: str) -> TransitionBlocked:
    return TransitionBlocked(
        message,
        instance=assignment,
        transition="claim",
        state=assignment.state,
        reasons=[Check(code, str(_("May be claimed")), holds=False, message=message)],
    )


def _offer_place_again(lead: Lead) -> None:
    if not lead.is_offered:
        return
    try:
        lead.reroute(by=ROUTER)
    except TransitionBlocked:
        # Nothing to offer: the places are taken, the lead has made all its offers, or its time is over.
        return
