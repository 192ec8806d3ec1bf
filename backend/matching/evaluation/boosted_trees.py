"""A challenger: gradient-boosted trees over the features and the logit's score, trained by LambdaMART.

Burges, "From RankNet to LambdaRank to LambdaMART" (2010), as LightGBM has it.  Trees see what a weighted sum
cannot: that who is on shift matters where requests are resolved at once, and hardly where they take days.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.matching.evaluation.conditional_logit import Choice, FloatArray

__all__ = ["BoostedTrees", "is_available"]

# Chosen on the requests between 60 % and 80 % of the log; see docs/decisions/0038.
PARAMETERS = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 10,
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
ROUNDS = 150


class BoostedTrees:
    """A fitted ensemble; it orders the candidates of one request."""

    def __init__(self, choices: Sequence[Choice], *, weights: FloatArray) -> None:
        import lightgbm  # loaded when wanted: it takes a second

        self._weights = weights
        groups = [len(one.features) for one in choices]
        rows = np.empty(
            (sum(groups), choices[0].features.shape[1] + 1), np.float32
        )  # filled, not joined: it is large
        for end, one in zip(np.cumsum(groups), choices, strict=True):
            rows[end - len(one.features) : end] = self._widen(one.features)
        labels = np.concatenate([np.arange(len(one.features)) == one.chosen for one in choices])
        # A small log has fewer rows than a leaf needs.
        leaf = min(int(str(PARAMETERS["min_data_in_leaf"])), max(1, len(rows) // 100))
        parameters = {**PARAMETERS, "min_data_in_leaf": leaf}
        data = lightgbm.Dataset(rows, labels.astype(np.int8), group=groups, params=parameters)
        self._booster: Any = lightgbm.train(parameters, data, num_boost_round=ROUNDS)

    def score(self, features: NDArray[np.float32]) -> FloatArray:
        """Return a score for each candidate: the higher, the likelier it is the one."""
        scores: FloatArray = self._booster.predict(self._widen(features), num_threads=1)
        return scores

    def _widen(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add the logit's score, relative to the best candidate's."""
        scores = features @ self._weights.astype(np.float32)
        return np.column_stack([features, scores - scores.max()])


def is_available() -> bool:
    """Say whether LightGBM can be loaded: it needs the system's OpenMP library, which small images lack."""
    try:
        import lightgbm  # noqa: F401 - whether it loads is the question
    except (ImportError, OSError):
        return False
    return True
