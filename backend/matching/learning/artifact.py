"""What training brings forth and ranking reads: plain JSON, so that it can be read, compared and never runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.matching.learning.calibration import AS_IT_IS, Calibration
from backend.matching.learning.trees import Trees, TreesUnreadable
from backend.matching.ranking import COLUMNS, LogisticModel, log_odds

__all__ = ["Artifact", "ArtifactUnreadable", "Stage"]

Vector = NDArray[np.float64]

LOGISTIC, TREES = "logistic/1", "trees/1"


class ArtifactUnreadable(ValueError):
    """Cannot read …: it is no artifact of a ranking model, or one for other features."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the two regressions: log-odds by feature, the calibration of its probabilities, and trees over it."""

    weights: Mapping[str, float]
    calibration: Calibration = AS_IT_IS
    trees: Trees | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        corners = [list(self.calibration.predicted), list(self.calibration.observed)]
        document: dict[str, Any] = {"weights": dict(self.weights), "calibration": corners}
        return document | {"trees": self.trees.text} if self.trees is not None else document

    def log_odds(self, features: Vector) -> Vector:
        """Return the log-odds of rows of ``feature_matrix``, before calibration."""
        weights = np.array([self.weights.get(name, 0.0) for name in COLUMNS])
        return log_odds(features, weights, self.trees)

    @classmethod
    def from_json(cls, document: Any) -> Stage:
        """Read it.

        Raises: ArtifactUnreadable when a weight is missing, odd or no number, corners fall, or trees cannot be read.
        """
        try:
            weights = {str(name): float(value) for name, value in document["weights"].items()}
            predicted, observed = (
                tuple(float(one) for one in corners) for corners in document["calibration"]
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactUnreadable(f"Cannot read a stage of the model: {error!r}.") from error
        if weights.keys() != set(COLUMNS):
            odd = ", ".join(sorted(weights.keys() ^ set(COLUMNS)))
            raise ArtifactUnreadable(f"Cannot read a stage of the model: its features are others ({odd}).")
        if not all(math.isfinite(value) for value in (*weights.values(), *predicted, *observed)):
            raise ArtifactUnreadable("Cannot read a stage of the model: something is no finite number.")
        if len(predicted) != len(observed) or list(predicted) != sorted(predicted):
            raise ArtifactUnreadable("Cannot read a stage of the model: its calibration does not rise.")
        return cls(weights, Calibration(predicted, observed), _read_trees(document))


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model as it is kept: how likely a provider accepts, and wins once it has."""

    accept: Stage
    win: Stage

    @property
    def kind(self) -> str:
        """Return what it is made of: regressions alone, or trees over them."""
        return LOGISTIC if self.accept.trees is self.win.trees is None else TREES

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"kind": self.kind, "accept": self.accept.to_json(), "win": self.win.to_json()}

    @classmethod
    def from_json(cls, document: Any) -> Artifact:
        """Read it.  Raises: ArtifactUnreadable when it is another kind, or a stage of it cannot be read."""
        if not isinstance(document, Mapping) or document.get("kind") not in (LOGISTIC, TREES):
            raise ArtifactUnreadable(
                f"Cannot read the model: it is of no kind that is known ({LOGISTIC}, {TREES})."
            )
        return cls(Stage.from_json(document.get("accept")), Stage.from_json(document.get("win")))

    def as_model(self, version: str) -> LogisticModel:
        """Return the model that ranks, under the version that decisions name."""
        return LogisticModel(
            version,
            accept=self.accept.weights,
            win=self.win.weights,
            accept_calibration=self.accept.calibration,
            win_calibration=self.win.calibration,
            accept_trees=self.accept.trees,
            win_trees=self.win.trees,
        )


def _read_trees(document: Mapping[str, Any]) -> Trees | None:
    if "trees" not in document:
        return None
    try:
        return Trees.read(document["trees"])
    except TreesUnreadable as error:
        raise ArtifactUnreadable(str(error)) from error
