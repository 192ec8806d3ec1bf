"""Gradient-boosted trees over a logistic regression: what a weighted sum cannot see, such as two features together.

The trees (LightGBM) begin with the log-odds of the regression and add to them.  Monotone constraints keep what
everybody knows: nobody gets better by being further away.  A forest is kept as LightGBM's own text, which is read and
never run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import FEATURES

__all__ = ["ACCEPT_DIRECTIONS", "WIN_DIRECTIONS", "Trees", "TreesUnreadable", "grow"]

Vector = NDArray[np.float64]

# Which way a feature may move the log-odds: 1 up, -1 down; either way where it is not named.
WIN_DIRECTIONS: Mapping[str, int] = {
    "distance_ratio": -1,
    "price_fit": 1,
    "rating": 1,
    "responsiveness": 1,
    "win_rate": 1,
}
ACCEPT_DIRECTIONS: Mapping[str, int] = {
    **WIN_DIRECTIONS,
    "load_ratio": -1,
    "open_soon": 1,
    "acceptance": 1,
}

# Small trees, and few: the regression says most of it, and each decision pays for them.
ROUNDS = 60
_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_NAMES = [feature.name for feature in FEATURES]


class TreesUnreadable(ValueError):
    """Cannot read …: it is no forest, one for other features, or LightGBM is not there."""


@dataclass(frozen=True)
class Trees:
    """A forest, as LightGBM writes it; features come with the column of the base, as ``feature_matrix`` has them."""

    text: str

    @classmethod
    def read(cls, text: Any) -> Trees:
        """Read a forest, whole.  Raises: TreesUnreadable."""
        if not isinstance(text, str):
            raise TreesUnreadable("Cannot read the trees: they are no text.")
        trees = cls(text)
        # The system's OpenMP library may be missing: then the import fails.
        try:
            names = trees._booster.feature_name()
        except Exception as error:
            raise TreesUnreadable(f"Cannot read the trees: {error}") from error
        if names != _NAMES:
            raise TreesUnreadable("Cannot read the trees: their features are others.")
        return trees

    def __len__(self) -> int:
        """Return how many trees there are."""
        return int(self._booster.num_trees())

    def log_odds(self, features: Vector) -> Vector:
        """Return what the trees add to the log-odds of each row."""
        return np.asarray(self._predict(features, raw_score=True), dtype=np.float64)

    def contributions(self, features: Vector) -> Vector:
        """Return what each column adds: they sum up to ``log_odds``; the base has what holds for everybody.

        Exact Shapley values of the trees: Lundberg, Erion and Lee, "Consistent individualized feature attribution for
        tree ensembles" (2018).
        """
        return np.roll(self._predict(features, pred_contrib=True), 1, axis=1)

    def _predict(self, features: Vector, **options: bool) -> Vector:
        if not len(features):
            return np.zeros((0, features.shape[1]) if "pred_contrib" in options else 0)
        found: Vector = self._booster.predict(features[:, 1:], num_threads=1, **options)
        return found

    @cached_property
    def _booster(self) -> Any:
        import lightgbm  # loaded when wanted: it takes a second

        return lightgbm.Booster(model_str=self.text)


def grow(features: Vector, outcomes: Vector, *, log_odds: Vector, directions: Mapping[str, int]) -> Trees:
    """Grow trees over the log-odds that a regression gives each row of ``feature_matrix``, by outcomes 0 or 1."""
    import lightgbm  # loaded when wanted: it takes a second

    parameters = {
        **_PARAMETERS,
        "min_data_in_leaf": min(_PARAMETERS["min_data_in_leaf"], max(5, len(outcomes) // 20)),
        "monotone_constraints": [directions.get(name, 0) for name in _NAMES],
    }
    data = lightgbm.Dataset(
        features[:, 1:], outcomes, init_score=log_odds, feature_name=_NAMES, params=parameters
    )
    booster: Any = lightgbm.train(parameters, data, num_boost_round=ROUNDS)
    return Trees(booster.model_to_string())
