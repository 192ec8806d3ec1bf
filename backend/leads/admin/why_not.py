"""The answer to "why not this provider?", from what was decided; else from how things are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backend.leads.admin.routing_report import sentence_of
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.selectors import request_of
from backend.matching import search
from backend.matching.eligibility import explain_provider
from backend.matching.policy import rank_candidates
from backend.matching.serving import find_models
from backend.matching.values import Exclusion, Request
from backend.users.models import ProviderProfile

__all__ = ["ANSWERS_MAX", "Answer", "WhyNot", "answer_why_not"]

ANSWERS_MAX = 8
"""Providers that are answered for at once; who means another writes more of its name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one provider, as sentences that go on after its name."""

    provider: ProviderProfile
    then: tuple[str, ...]
    now: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What was asked, and the answers; ``has_more``: the words find more providers than are answered for."""

    words: str
    answers: tuple[Answer, ...]
    has_more: bool


def answer_why_not(
    lead: Lead, words: str, *, decisions: Sequence[RoutingDecision], offers: Sequence[LeadAssignment]
) -> WhyNot:
    """Answer for the providers whose name has these words in it."""
    providers = ProviderProfile.objects.filter(company_name__icontains=words).order_by("company_name", "pk")
    found = list(providers[: ANSWERS_MAX + 1])
    request = request_of(lead, already_offered=frozenset(offer.provider_id for offer in offers))
    answers = tuple(
        Answer(
            provider=provider,
            then=tuple(text for decision in decisions if (text := _then(decision, provider.pk))),
            now=_now(request, provider.pk),
        )
        for provider in found[:ANSWERS_MAX]
    )
    return WhyNot(words=words, answers=answers, has_more=len(found) > ANSWERS_MAX)


def _then(decision: RoutingDecision, provider_id: int) -> str:
    """Return what a decision says of a provider; "" where it was made by hand for another."""
    wave = _("wave %(number)d") % {"number": decision.wave}
    for candidate in decision.candidates:
        if candidate["provider"] == provider_id:
            return f"{wave}: {_outcome_of(candidate)}"
    for code, named in decision.excluded.items():
        if any(pk == provider_id for pk, _name in named):
            return f"{wave}: {sentence_of(code)}"
    if decision.is_by_hand:
        return ""
    return f"{wave}: {_unnamed_in_words(decision)}"


def _unnamed_in_words(decision: RoutingDecision) -> str:
    """Say what may be of a provider that a decision does not name."""
    unnamed = sum(decision.excluded_counts.values()) - sum(map(len, decision.excluded.values()))
    if unnamed > 0:
        return _("not named: too far away to be looked at, or one of %(count)d that are only counted") % {
            "count": unnamed
        }
    return _("not looked at: too far away, or without the category then")


def _outcome_of(candidate: dict[str, Any]) -> str:
    place = _("rank %(rank)d, score %(score).2f") % candidate
    outcomes = {
        "offered": _("got an offer"),
        "told": _("was told of it and may claim a place"),
        "ranked": _("ranked, but the places went to better ones"),
    }
    outcome = outcomes.get(candidate["outcome"]) or sentence_of(candidate["outcome"])
    if candidate["outcome"] == "ranked" and 0 < (candidate.get("propensity") or 0) < 1:
        outcome = _("ranked, but the places went to better ones, and to who was drawn by chance")
    return f"{outcome} ({place})"


def _now(request: Request, provider_id: int) -> str:
    judged = explain_provider(request, provider_id)
    if isinstance(judged, Exclusion):
        return f"{sentence_of(judged.rule_code)} ({judged.distance_km:.1f} km)"
    ranked = rank_candidates(
        request, search.find_candidates(request).eligible, model=find_models().champion
    ).ranked
    for entry in ranked:
        if entry.candidate.provider_id == provider_id:
            return _("may have it: rank %(rank)d of %(all)d, score %(score).2f (%(km).1f km)") % {
                "rank": entry.rank,
                "all": len(ranked),
                "score": entry.score,
                "km": judged.distance_km,
            }
    return _("may have it, but is not among the %(all)d that are ranked (%(km).1f km)") % {
        "all": len(ranked),
        "km": judged.distance_km,
    }
