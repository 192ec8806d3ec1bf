"""The rankings that are learned: from which columns, and how each orders the candidates of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.matching.evaluation.boosted_trees import BoostedTrees
from backend.matching.evaluation.conditional_logit import Choice, FloatArray, fit_weights
from backend.matching.evaluation.evidence import BACK_OFF_COLUMNS, COLUMN_NAMES, Described

__all__ = ["BOOSTED_TREES", "CONDITIONAL_LOGIT", "PLAIN_LOGIT", "LearnedRankings", "list_model_names"]

PLAIN_LOGIT = "logistic over back-off counts"
CONDITIONAL_LOGIT = "conditional logit"
BOOSTED_TREES = "boosted trees"

# What each logit sees; the weights of the other columns stay zero.
COLUMNS = {PLAIN_LOGIT: list(BACK_OFF_COLUMNS), CONDITIONAL_LOGIT: list(range(len(COLUMN_NAMES)))}


class LearnedRankings:
    """Fitted anew from time to time, on all requests whose outcome is known by then."""

    def __init__(self, *, with_trees: bool) -> None:
        self._with_trees = with_trees
        self._weights: dict[str, FloatArray] = {name: np.zeros(len(COLUMN_NAMES)) for name in COLUMNS}
        self._trees: BoostedTrees | None = None

    def fit(self, choices: Sequence[Choice]) -> None:
        """Fit every model."""
        for name, columns in COLUMNS.items():
            weights = self._weights[name]
            weights[columns] = fit_weights(choices, columns=columns, start=weights[columns])
        if self._with_trees:
            self._trees = BoostedTrees(choices, weights=self._weights[CONDITIONAL_LOGIT])

    def order(self, described: Described) -> Mapping[str, NDArray[np.intp]]:
        """Return each model's order of the candidates; behind the shortlist the first estimate's stays."""
        scores = {name: described.features @ weights for name, weights in self._weights.items()}
        if self._trees is not None:
            scores[BOOSTED_TREES] = self._trees.score(described.features)
        return {name: _reorder(described, score) for name, score in scores.items()}


def list_model_names(*, with_trees: bool) -> tuple[str, ...]:
    """Return the names under which the models are shown."""
    return (PLAIN_LOGIT, CONDITIONAL_LOGIT, *([BOOSTED_TREES] if with_trees else []))


def _reorder(described: Described, scores: FloatArray) -> NDArray[np.intp]:
    best_first = np.argsort(-scores, kind="stable")
    return np.concatenate([described.shortlist[best_first], described.order[len(scores) :]])
