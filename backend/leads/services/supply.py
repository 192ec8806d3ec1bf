"""Leads that lack providers: tried again when a provider appears, returns or has room again, and from hour to hour.

A lead lacks providers when its last wave made fewer offers than it wanted: routing then sets ``retry_at``.
"""

from __future__ import annotations

import datetime

from backend.jobs.queue import enqueue
from backend.leads import selectors
from backend.leads.models import Lead
from backend.leads.terms_in_force import read_terms
from backend.matching import capacity, search
from backend.matching.eligibility import explain_provider
from backend.matching.values import Candidate
from backend.users.models import ProviderProfile
from workflows import SystemActor, TransitionRefused, clock

__all__ = ["announce", "look_again", "offer_waiting_leads"]

ROUTER = SystemActor("router")


def announce(provider_id: int) -> None:
    """Have the leads that lack providers tried with this one, after the commit: it can take more than before."""
    enqueue("leads.offer_waiting_leads", provider_id=provider_id)


def offer_waiting_leads(provider_id: int) -> int:
    """Route every lead that lacks providers and that this one may have, oldest first, until it is full.

    Each lead is routed by its own rules: the best provider gets it, which need not be this one.  Returns how many.
    Doing it again does nothing more.
    """
    provider = ProviderProfile.objects.filter(pk=provider_id, status=ProviderProfile.Status.ACTIVE).first()
    if provider is None:
        return 0
    routed = 0
    for lead in selectors.list_waiting_leads(provider):
        if capacity.find_obstacle(provider_id, at=clock.now()):
            break
        if isinstance(explain_provider(selectors.request_of(lead), provider_id), Candidate):
            routed += _reroute(lead)
    return routed


def look_again(lead: Lead) -> None:
    """Route a lead that lacks providers, if anybody may have it by now; else look again later.

    A search that finds nobody writes no decision: the last one says already why.
    """
    request = selectors.request_of(lead, already_offered=selectors.offered_before(lead))
    if search.find_candidates(request).eligible_count:
        _reroute(lead)
    else:
        _set_retry(lead, at=clock.now() + read_terms(lead.category_id).retry_after)


def _reroute(lead: Lead) -> bool:
    """Reroute a lead; one that may not be (enough have accepted, it has ended) waits no longer."""
    try:
        lead.reroute(by=ROUTER)
    except TransitionRefused:
        _set_retry(lead, at=None)
        return False
    return True


def _set_retry(lead: Lead, *, at: datetime.datetime | None) -> None:
    """Set when to look again, unless something has happened to the lead since it was read: that knows better."""
    # Past the engine, which governs the field for the sake of old copies: nothing else of the lead changes.
    Lead._base_manager.filter(pk=lead.pk, version=lead.version).update(retry_at=at)
