"""From probabilities to an order: who is asked first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from backend.matching.ranking import ExpertWeights, Ranker, score_safely
from backend.matching.values import Candidate, Ranked, Ranking, Request, Scored

__all__ = ["Policy", "TopN", "capacity_discount", "rank_candidates"]

# Scores that differ by less are a tie: sums of the same parts differ in their last digits.
_TIE_DIGITS = 9


class Policy(Protocol):
    """Makes an order of scored candidates, and says with which probability it would make it."""

    @property
    def version(self) -> str:
        """Name the policy and its version, such as ``top-n/1``: stored with every decision."""

    def order(self, scored: Sequence[Scored], *, request: Request) -> tuple[Ranked, ...]:
        """Return every candidate with its rank, from 1."""


class TopN:
    """The best first: by the probability of a win times the discount for capacity in use.  There is no chance in it.

    Ties go to whoever was offered something longest ago, then by a hash of request and provider, so that
    nobody is first for being old in the table.
    """

    version = "top-n/1"

    def order(self, scored: Sequence[Scored], *, request: Request) -> tuple[Ranked, ...]:
        """Return every candidate with its rank, best first; every propensity is 1."""
        priced = [(one, capacity_discount(one.candidate)) for one in scored]
        priced.sort(key=lambda pair: _sort_key(pair[0], discount=pair[1], request=request))
        return tuple(
            Ranked(
                candidate=one.candidate,
                rank=rank,
                score=one.wins * discount,
                parts=one.parts,
                propensity=1.0,
                probability=one.probability,
                discount=discount,
                win_probability=one.win_probability,
            )
            for rank, (one, discount) in enumerate(priced, start=1)
        )


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
) -> Ranking:
    """Rank candidates by a model and a policy: by default the expert weights, and the best first."""
    chosen = policy or TopN()
    scored, model_version = score_safely(model or ExpertWeights(), candidates)
    return Ranking(chosen.order(scored, request=request), f"{chosen.version} · {model_version}")


def _sort_key(scored: Scored, *, discount: float, request: Request) -> tuple[float, datetime, bytes]:
    """Return what orders candidates: the score, then the last offer, then the hash."""
    candidate = scored.candidate
    offered_at = candidate.last_offered_at or datetime.min.replace(tzinfo=UTC)
    digest = hashlib.sha256(f"{request.key}:{candidate.provider_id}".encode()).digest()
    return -round(scored.wins * discount, _TIE_DIGITS), offered_at, digest
