"""How likely a candidate accepts, and wins then: ranking models, and the expert weights behind every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backend.matching.feature_table import find_table
from backend.matching.features import FEATURES
from backend.matching.learning.calibration import AS_IT_IS, Calibration
from backend.matching.learning.logistic import sigmoid
from backend.matching.learning.trees import Trees
from backend.matching.parts import PartsTable
from backend.matching.values import Candidate, Scored

__all__ = [
    "COLUMNS",
    "EXPERT_WEIGHTS",
    "EXPERT_WIN_WEIGHTS",
    "ExpertWeights",
    "LogisticModel",
    "Ranker",
    "feature_matrix",
    "log_odds",
    "score_safely",
]

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

# Likewise the log-odds that a client who has this provider's quote chooses it.
EXPERT_WIN_WEIGHTS: Mapping[str, float] = {
    "base": -2.2,
    "distance_ratio": -0.3,
    "price_fit": 0.8,
    "rating": 0.8,
    "responsiveness": 0.5,
    "win_rate": 1.5,
}

COLUMNS = ("base", *(feature.name for feature in FEATURES))
"""What weights are for: the constant, and every feature."""

_NAMES = COLUMNS[1:]
_NEUTRAL = np.array([feature.neutral for feature in FEATURES])
_read_features = itemgetter(*_NAMES)


class Ranker(Protocol):
    """Says how likely each candidate accepts, and wins then; a policy makes an order of it."""

    @property
    def version(self) -> str:
        """Name the model and its version, such as ``expert/2``: stored with every decision."""

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        """Score every candidate, in the order given."""


class LogisticModel:
    """Two logistic regressions, for accepting and for winning then; a feature that is missing or no number is neutral.

    Weights are log-odds per unit of each feature and of the ``base``; one that is not named weighs nothing.  Trees,
    where there are any, add to the log-odds.
    """

    def __init__(
        self,
        version: str,
        *,
        accept: Mapping[str, float],
        win: Mapping[str, float],
        accept_calibration: Calibration = AS_IT_IS,
        win_calibration: Calibration = AS_IT_IS,
        accept_trees: Trees | None = None,
        win_trees: Trees | None = None,
    ) -> None:
        self.version = version
        self._accept, self._win = _in_order(accept), _in_order(win)
        self._accept_calibration, self._win_calibration = accept_calibration, win_calibration
        self._accept_trees, self._win_trees = accept_trees, win_trees

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        """Score every candidate; the contributions of its parts add up to its log-odds of accepting."""
        values = feature_matrix([candidate.features for candidate in candidates])
        accepts = self._accept_calibration.apply(sigmoid(log_odds(values, self._accept, self._accept_trees)))
        wins = self._win_calibration.apply(sigmoid(log_odds(values, self._win, self._win_trees)))
        table = PartsTable(COLUMNS, values, self._contribute)
        return tuple(
            Scored(candidate, accept, table.row(position), win)
            for position, (candidate, accept, win) in enumerate(
                zip(candidates, accepts.tolist(), wins.tolist(), strict=True)
            )
        )

    def _contribute(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each column adds to the log-odds of accepting."""
        contributions = values * self._accept
        if self._accept_trees is None:
            return contributions
        return contributions + self._accept_trees.contributions(values)


class ExpertWeights(LogisticModel):
    """The model on day 0, and whenever another cannot answer: weights set by hand."""

    def __init__(self) -> None:
        super().__init__("expert/2", accept=EXPERT_WEIGHTS, win=EXPERT_WIN_WEIGHTS)


def score_safely(model: Ranker, candidates: Sequence[Candidate]) -> tuple[tuple[Scored, ...], str]:
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
    return asked == answered and all(
        0 <= one.probability <= 1 and 0 <= one.win_probability <= 1 for one in scored
    )


def feature_matrix(candidates: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Return one row per candidate: 1 for the base, then every feature; what is missing or no number is neutral."""
    table = find_table(candidates)
    if table is not None and table.names == _NAMES:
        values = table.values
    else:
        rows = [_read_row(features) for features in candidates]
        values = np.array(rows, dtype=np.float64).reshape(len(candidates), len(FEATURES))
    known = np.where(np.isfinite(values), values, _NEUTRAL)
    return np.column_stack([np.ones(len(candidates)), known])


def log_odds(
    values: NDArray[np.float64], weights: NDArray[np.float64], trees: Trees | None
) -> NDArray[np.float64]:
    """Return the log-odds of rows of ``feature_matrix``: the weighted sum, and what trees add to it."""
    sums: NDArray[np.float64] = values @ weights
    return sums if trees is None else sums + trees.log_odds(values)


def _read_row(features: Mapping[str, float]) -> list[float]:
    try:
        return list(_read_features(features))
    except KeyError:
        return [features.get(name, np.nan) for name in _NAMES]


def _in_order(weights: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([weights.get(name, 0.0) for name in COLUMNS])
