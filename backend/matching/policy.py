"""From probabilities to an order: who is asked first, and with which probability the policy would ask it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from backend.matching.exploration import (
    Exploration,
    draw_systematically,
    inclusion_probabilities,
    uniform_of,
)
from backend.matching.ranking import ExpertWeights, Ranker, score_safely
from backend.matching.values import Candidate, Ranked, Ranking, Request, Scored

__all__ = ["Balanced", "Policy", "TopN", "capacity_discount", "rank_candidates"]

# Scores that differ by less are a tie: sums of the same parts differ in their last digits.
_TIE_DIGITS = 9

_NEVER = datetime.min.replace(tzinfo=UTC)


class Policy(Protocol):
    """Makes an order of scored candidates, and says with which probability each comes among the first."""

    @property
    def version(self) -> str:
        """Name the policy, its version and its parameters, such as ``top-n/2``: stored with every decision."""

    def order(self, scored: Sequence[Scored], *, request: Request, places: int) -> tuple[Ranked, ...]:
        """Return every candidate with its rank, from 1, when the first ``places`` are to be asked."""


class TopN:
    """The best first: by the probability of a win times the discount for capacity in use.  There is no chance in it.

    Ties go to whoever was offered something longest ago, then by a hash of request and provider, so that
    nobody is first for being old in the table.
    """

    version = "top-n/2"

    def order(self, scored: Sequence[Scored], *, request: Request, places: int) -> tuple[Ranked, ...]:
        """Return every candidate, best first; the propensity is 1 for the first ``places``, then 0."""
        priced = _price(scored, request=request)
        return _rank(priced, propensities=[float(position < places) for position in range(len(priced))])


class Balanced:
    """The best have most of the places; the others of them are drawn by chance from those who are left.

    Where there are no more candidates than places, all of them are asked.  Whoever was not drawn follows in order, so
    that whoever falls out later is replaced by the next best.  The draw depends on nothing but the request and its
    wave: a decision can be drawn again, and is another one for another request.
    """

    def __init__(self, exploration: Exploration | None = None) -> None:
        self.exploration = exploration or Exploration()

    @property
    def version(self) -> str:
        """Name the policy, and its parameters as far as they are not part of the version."""
        own, usual = self.exploration, Exploration()
        said = [f"share={own.share:g}", f"new={own.new_below}"]
        if own.new_weight != usual.new_weight:
            said.append(f"weight={own.new_weight:g}")
        if own.first_weight != usual.first_weight:
            said.append(f"first={own.first_weight:g}")
        if own.temperature != usual.temperature:
            said.append(f"temperature={own.temperature:g}")
        return f"balanced/3({','.join(said)})"

    def order(self, scored: Sequence[Scored], *, request: Request, places: int) -> tuple[Ranked, ...]:
        """Return every candidate, the best first, then those drawn, then the others, each in order."""
        priced = _price(scored, request=request)
        by_chance = self.exploration.count_places(places) if len(priced) > places else 0
        best, left = priced[: places - by_chance], priced[places - by_chance :]
        chances = inclusion_probabilities(self._weigh(left), count=by_chance)
        drawn = draw_systematically(chances, start=uniform_of(f"draw:{request.key}:{request.wave}"))
        order = drawn + sorted(set(range(len(left))) - set(drawn))
        return _rank(
            best + [left[position] for position in order],
            propensities=[1.0] * len(best) + [chances[position] for position in order],
        )

    def _weigh(self, priced: Sequence[_Priced]) -> list[float]:
        totals = [one.scored.candidate.offers_total for one in priced]
        return self.exploration.weigh([one.score for one in priced], offers_totals=totals)


def capacity_discount(candidate: Candidate) -> float:
    """Return 1 − e^(load/capacity − 1): 0.63 for an idle provider, 0 for a full one.

    Mehta, Saberi, Vazirani and Vazirani, "AdWords and generalized online matching", 2007.
    """
    if candidate.open_offers_max <= 0:
        return 0.0
    return -math.expm1(min(1.0, candidate.open_offers / candidate.open_offers_max) - 1)


def rank_candidates(
    request: Request,
    candidates: Sequence[Candidate],
    *,
    model: Ranker | None = None,
    policy: Policy | None = None,
    places: int | None = None,
) -> Ranking:
    """Rank candidates by a model and a policy: by default the expert weights, and the best first.

    ``places`` None: there are enough for all.
    """
    chosen = policy or TopN()
    scored, model_version = score_safely(model or ExpertWeights(), candidates)
    wanted = len(candidates) if places is None else places
    ranked = chosen.order(scored, request=request, places=wanted)
    return Ranking(ranked, f"{chosen.version} · {model_version}")


class _Priced(NamedTuple):
    """A scored candidate with the discount for its load, and what comes of both."""

    scored: Scored
    discount: float
    score: float


def _price(scored: Sequence[Scored], *, request: Request) -> list[_Priced]:
    """Return the candidates with their discounts, best first."""
    discounts = [capacity_discount(one.candidate) for one in scored]
    priced = [
        _Priced(one, discount, one.wins * discount) for one, discount in zip(scored, discounts, strict=True)
    ]
    keys: list[tuple[Any, ...]] = [_sort_key(one) for one in priced]
    order = _sort_positions(keys)
    if any(keys[one] == keys[next_one] for one, next_one in pairwise(order)):
        # Equals go by a hash, which takes longer than all the rest: most requests have none.
        order = _sort_positions(
            [(*key, _hash_of(request.key, one)) for key, one in zip(keys, priced, strict=True)]
        )
    return [priced[position] for position in order]


def _sort_positions(keys: Sequence[tuple[Any, ...]]) -> list[int]:
    return sorted(range(len(keys)), key=keys.__getitem__)


def _sort_key(priced: _Priced) -> tuple[float, datetime]:
    """Return what orders candidates: the score, then the last offer."""
    return -round(priced.score, _TIE_DIGITS), priced.scored.candidate.last_offered_at or _NEVER


def _hash_of(key: str, priced: _Priced) -> bytes:
    return hashlib.sha256(f"{key}:{priced.scored.candidate.provider_id}".encode()).digest()


def _rank(priced: Sequence[_Priced], *, propensities: Sequence[float]) -> tuple[Ranked, ...]:
    """Return candidates in the order given, from rank 1."""
    # By position: by name it takes twice as long.
    return tuple(
        Ranked(
            scored.candidate,
            rank,
            score,
            scored.parts,
            propensity,
            scored.probability,
            discount,
            scored.win_probability,
        )
        for rank, ((scored, discount, score), propensity) in enumerate(
            zip(priced, propensities, strict=True), start=1
        )
    )
