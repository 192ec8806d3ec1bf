"""A request that changes while it is offered: what was decided about the old one is superseded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from backend.leads import selectors
from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import announcements, lead_router
from backend.leads.services.lead_assignment import LeadAssignmentService
from backend.matching.eligibility import find_misfits
from backend.matching.rules import get_rule
from workflows import SystemActor

__all__ = ["supersede"]

REVISION = SystemActor("revision")


def supersede(lead: Lead) -> None:
    """Take back what no longer fits the changed request, tell the others, and decide anew who is offered it.

    Open offers that no longer fit are withdrawn; accepted ones stay, whatever has changed: their providers may have
    talked to the client already.  Whoever was told of the old request and does not fit the new one may not claim.
    """
    offers = list(selectors.list_live_offers(lead))
    told = set(lead.tips.values_list("provider_id", flat=True))
    misfits = find_misfits(selectors.request_of(lead), {offer.provider_id for offer in offers} | told)
    lead.tips.filter(provider_id__in=misfits).delete()
    withdrawn = _withdraw_misfits(offers, misfits)
    announcements.tell_of_revision(lead, [offer for offer in offers if offer not in withdrawn])
    # Whoever was withdrawn is locked: waiting for others could end in a deadlock.
    decision = lead_router.route(lead, wait=not withdrawn, is_revision=True)
    LeadAssignmentService().assign(decision)


def _withdraw_misfits(offers: Sequence[LeadAssignment], misfits: Mapping[int, str]) -> list[LeadAssignment]:
    """Withdraw the open offers of providers that no longer fit, each with its reason; return them."""
    withdrawn = [
        offer
        for offer in offers
        if offer.status == LeadAssignment.Status.OFFERED and offer.provider_id in misfits
    ]
    for offer in withdrawn:
        sentence = get_rule(misfits[offer.provider_id]).sentence
        reason = _("The request has changed: %(provider)s %(sentence)s.")
        offer.withdraw(by=REVISION, reason=reason % {"provider": offer.provider, "sentence": sentence})
    return withdrawn
