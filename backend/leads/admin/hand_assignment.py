"""Whom to offer a lead by hand: providers with whether they may have it, why not, how far and how busy they are."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from backend.leads.models import Lead
from backend.leads.selectors import offered_before, request_of
from backend.matching import search
from backend.matching.eligibility import judge_providers
from backend.matching.policy import rank_candidates
from backend.matching.rules import get_rule
from backend.matching.serving import find_models
from backend.matching.values import Judgement, Ranked, Request
from backend.users.models import ProviderProfile

__all__ = ["HITS_MAX", "Hit", "Hits", "Verdict", "find_hits"]

HITS_MAX = 10
"""Providers shown at once; who means another writes more of its name."""

_NAMED_MAX = 100


class Verdict(enum.StrEnum):
    """Whether a provider may be offered the lead: the values are classes in ``admin.css``."""

    MAY = "may"
    IF_LIFTED = "if-lifted"
    MAY_NOT = "may-not"


# The order in which they are listed.
_VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One provider to choose, or not: ``hindrances`` are what the rules that it fails say, after its name."""

    provider_id: int
    name: str
    verdict: Verdict
    hindrances: tuple[str, ...]
    distance_km: float
    open_offers: int
    open_offers_max: int
    score: float

    @property
    def can_be_chosen(self) -> bool:
        """Return whether it may have the lead, at least where rules are lifted for it."""
        return self.verdict is not Verdict.MAY_NOT


@dataclass(frozen=True, slots=True)
class Hits:
    """What was searched for ("": the best that may have it), and what was found."""

    words: str
    hits: tuple[Hit, ...]
    has_more: bool


def find_hits(lead: Lead, words: str, *, may_lift: bool) -> Hits:
    """Find providers by words of their names, those that may have it first; without words, the best that may.

    ``may_lift``: the reader may lift rules that can be lifted.
    """
    request = request_of(lead, already_offered=offered_before(lead))
    judged = _judge_named(request, words) if words else _find_best(request)
    ranked = rank_candidates(request, [one.candidate for one in judged], model=find_models().champion).ranked
    failed = {one.candidate.provider_id: one.failed for one in judged}
    hits = [_hit_of(one, failed[one.candidate.provider_id], may_lift=may_lift) for one in ranked]
    if words:
        hits.sort(key=lambda hit: (_VERDICTS.index(hit.verdict), hit.name))
    return Hits(words=words, hits=tuple(hits[:HITS_MAX]), has_more=len(hits) > HITS_MAX)


def _find_best(request: Request) -> list[Judgement]:
    return [Judgement(candidate, ()) for candidate in search.find_candidates(request).eligible]


def _judge_named(request: Request, words: str) -> list[Judgement]:
    named = ProviderProfile.objects.filter(company_name__icontains=words).order_by("company_name", "pk")
    ids = list(named.values_list("pk", flat=True)[:_NAMED_MAX])
    return list(judge_providers(request, ids).values())


def _hit_of(one: Ranked, failed: Iterable[str], *, may_lift: bool) -> Hit:
    rules = [get_rule(code) for code in failed]
    can_be_lifted = may_lift and all(rule.can_be_lifted for rule in rules)
    verdict = Verdict.IF_LIFTED if can_be_lifted else Verdict.MAY_NOT
    return Hit(
        provider_id=one.candidate.provider_id,
        name=one.candidate.company_name,
        verdict=verdict if rules else Verdict.MAY,
        hindrances=tuple(str(rule.sentence) for rule in rules),
        distance_km=one.candidate.distance_km,
        open_offers=one.candidate.open_offers,
        open_offers_max=one.candidate.open_offers_max,
        score=one.score,
    )
