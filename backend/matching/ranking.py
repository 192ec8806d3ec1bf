"""How likely a candidate accepts: ranking models, and the expert weights behind every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import FEATURES
from backend.matching.values import Candidate, Part, Scored

__all__ = ["EXPERT_WEIGHTS", "ExpertWeights", "RankingModel", "score_safely"]

# Log-odds of accepting per unit of each feature, set by hand: what marketplaces know before they have data.
# They are the prior of the learned model.  `base` is the log-odds where every feature is zero.
EXPERT_WEIGHTS: Mapping[str, float] = {
    "base": -2.6,
    "distance_ratio": -1.4,
    "load_ratio": -0.8,
    "price_fit": 0.9,
    "rating": 1.6,
    "idle": 0.3,
    "tenure": 0.2,
    "experience": 0.3,
    "open_soon": 0.5,
    "acceptance": 2.4,
    "responsiveness": 0.5,
    "win_rate": 0.4,
}


class RankingModel(Protocol):
    """Says how likely each candidate accepts; a policy makes an order of it."""

    @property
    def version(self) -> str:
        """Name the model and its version, such as ``expert/2``: stored with every decision."""

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        """Score every candidate, in the order given."""


class ExpertWeights:
    """A logistic regression with weights set by hand; a feature that is missing or no number is neutral."""

    version = "expert/2"

    def __init__(self, weights: Mapping[str, float] = EXPERT_WEIGHTS) -> None:
        self._base = weights["base"]
        self._weights = np.array([weights[feature.name] for feature in FEATURES])

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        """Score every candidate; the contributions of its parts add up to its log-odds."""
        values = _feature_matrix(candidates)
        contributions = values * self._weights
        probabilities = 1 / (1 + np.exp(-(contributions.sum(axis=1) + self._base)))
        return tuple(
            Scored(candidate, probability, self._parts(row, contribution))
            for candidate, probability, row, contribution in zip(
                candidates, probabilities.tolist(), values.tolist(), contributions.tolist(), strict=True
            )
        )

    def _parts(self, values: Sequence[float], contributions: Sequence[float]) -> tuple[Part, ...]:
        """Return the base and every feature with what it adds to the log-odds."""
        features = zip(FEATURES, values, self._weights.tolist(), contributions, strict=True)
        return (
            Part("base", 1.0, self._base, self._base),
            *(Part(feature.name, value, weight, part) for feature, value, weight, part in features),
        )


def score_safely(model: RankingModel, candidates: Sequence[Candidate]) -> tuple[tuple[Scored, ...], str]:
    """Score by the model, or by the expert weights when its answer is no answer; the version says which.

    No answer is one that leaves out or reorders candidates, or has a probability that is not in 0..1.
    """
    scored = model.rank(candidates)
    if _is_answer(scored, candidates):
        return scored, model.version
    expert = ExpertWeights()
    return expert.rank(candidates), f"{expert.version} (for {model.version}, which gave no valid answer)"


def _is_answer(scored: Sequence[Scored], candidates: Sequence[Candidate]) -> bool:
    """Say whether every candidate was scored, in order, with a probability (NaN is none)."""
    asked = [candidate.provider_id for candidate in candidates]
    answered = [one.candidate.provider_id for one in scored]
    return asked == answered and all(0 <= one.probability <= 1 for one in scored)


def _feature_matrix(candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """Return one row per candidate and one column per feature; what is missing or no number is neutral."""
    neutral = np.array([feature.neutral for feature in FEATURES])
    rows = [[one.features.get(feature.name, np.nan) for feature in FEATURES] for one in candidates]
    values = np.array(rows, dtype=np.float64).reshape(len(candidates), len(FEATURES))
    return np.where(np.isfinite(values), values, neutral)
