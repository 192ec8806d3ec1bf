"""Routing by hand: somebody chooses the provider; the decision says who, why, and which rules were lifted for it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _

from backend.leads import selectors
from backend.leads.models import Lead, RoutingDecision
from backend.leads.selectors import offered_before, request_of
from backend.leads.services.lead_router import describe
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms
from backend.matching import capacity
from backend.matching.eligibility import judge_providers
from backend.matching.policy import rank_candidates
from backend.matching.rules import get_rule
from backend.matching.serving import find_models
from backend.matching.values import Judgement, Request
from backend.users.models import ProviderProfile
from workflows import Actor, TransitionBlocked
from workflows.guards import Check

__all__ = ["route_by_hand"]


def route_by_hand(lead: Lead, provider: ProviderProfile, *, by: Actor, reason: str) -> RoutingDecision:
    """Decide that a provider is offered a place; its guard has seen to it that it may, or that rules are lifted.

    The capacity is reserved before the decision is written, like in ``lead_router.route``; the lead's row must be
    locked by the running transition.  Only the rules that were seen to fail are lifted under the lock.

    Raises: TransitionBlocked when under the lock another rule is found to exclude the provider.
    """
    request = request_of(lead, already_offered=offered_before(lead))
    judgement = judge_providers(request, [provider.pk])[provider.pk]
    lifted = frozenset(judgement.failed)
    reservation = capacity.reserve([provider.pk], count=1, at=request.at, lifted=lifted)
    if provider.pk in reservation.refused:
        raise _refuse(lead, provider, reservation.refused[provider.pk])
    terms = read_terms(lead.category_id)
    lead.wave += 1
    if selectors.count_offers(lead).occupied + 1 >= terms.places:
        lead.retry_at = None
    return _write(lead, judgement, by=by, reason=reason, request=request, terms=terms)


def _write(
    lead: Lead, judgement: Judgement, *, by: Actor, reason: str, request: Request, terms: Terms
) -> RoutingDecision:
    ranking = rank_candidates(request, [judgement.candidate], model=find_models().champion)
    candidate = {**describe(ranking.ranked[0], "offered", at=request.at), "propensity": None}
    if "closed" in judgement.failed:
        # Whoever lifts it has reached the provider: its time begins now.
        candidate["opens_at"] = None
    decision = RoutingDecision.objects.create(
        lead=lead,
        wave=lead.wave,
        is_by_hand=True,
        decided_by=by if isinstance(by, AbstractBaseUser) else None,  # type: ignore[misc]  # the user model
        reason=reason,
        lifted=list(judgement.failed),
        policy_version=ranking.version,
        terms_version=terms.version,
        places=1,
        offered_count=1,
        told_count=0,
        candidates_count=1,
        eligible_count=0 if judgement.failed else 1,
        candidates=[candidate],
    )
    decision.terms = terms
    return decision


def _refuse(lead: Lead, provider: ProviderProfile, code: str) -> TransitionBlocked:
    message = f"{provider} {get_rule(code).sentence}. " + _("That has just happened: look again.")
    return TransitionBlocked(
        message,
        instance=lead,
        transition="assign_by_hand",
        state=lead.state,
        reasons=[
            Check("provider_may_have_it", str(_("The provider may have it")), holds=False, message=message)
        ],
    )
