"""From examples to an artifact: fit around the experts, calibrate on what came later, judge on what came last.

Examples are in the order of time.  Three fifths are fitted, the next fifth calibrates, the last one judges: against the
experts' weights on the same examples.  What is kept is made the same way a fifth later (four fifths, and the last):
the judgement is of the procedure, on data that it had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.learning.artifact import Artifact, Stage
from backend.matching.learning.calibration import AS_IT_IS, Calibration, calibrate
from backend.matching.learning.logistic import fit_around, sigmoid
from backend.matching.learning.metrics import (
    Bin,
    area_under_curve,
    expected_calibration_error,
    log_loss,
    reliability,
)
from backend.matching.ranking import COLUMNS, EXPERT_WEIGHTS, EXPERT_WIN_WEIGHTS, feature_matrix

__all__ = ["PRIOR_SD", "Examples", "Judgement", "TooFewExamples", "Trained", "judge", "train"]

Vector = NDArray[np.float64]

# How far data move a weight from the experts'.  In a simulated market 0.3 was better than 0.1 and 0.2 at every size
# from 500 examples to 10,000; beyond it is trusting few examples for little (docs/decisions/0043).
PRIOR_SD = 0.3
# The base is no opinion of the experts', only the level of the market: it is free.
BASE_SD = 3.0

EXAMPLES_MIN = 50


class TooFewExamples(ValueError):
    """Cannot train on … answered offers: there must be at least …."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Offers with what became of them, in the order of time: one row of features each, and 0 or 1."""

    features: Vector
    outcomes: Vector

    @classmethod
    def of(cls, features: Sequence[Mapping[str, float]], outcomes: Sequence[bool]) -> Examples:
        """Return examples of features as decisions keep them; what is missing is neutral."""
        return cls(feature_matrix(features), np.array(outcomes, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.outcomes)

    def part(self, begin: float, end: float) -> Examples:
        """Return those from one share of the time to another, such as 0.6 to 0.8."""
        first, last = round(begin * len(self)), round(end * len(self))
        return Examples(self.features[first:last], self.outcomes[first:last])


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good predictions of some examples are; NaN where there are none, or none of one kind."""

    examples: int
    happened: float
    log_loss: float
    auc: float
    calibration_error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """A stage, and how it and the experts do on the last fifth."""

    stage: Stage
    learned: Judgement
    experts: Judgement


def train(accept: Examples, win: Examples) -> tuple[Artifact, Trained, Trained]:
    """Train both stages; return the artifact, and each stage with its judgement.

    Raises: TooFewExamples when fewer than ``EXAMPLES_MIN`` offers were answered.  Winning may have fewer: it then stays
    close to the experts.
    """
    if len(accept) < EXAMPLES_MIN:
        raise TooFewExamples(
            f"Cannot train on {len(accept)} answered offers: there must be at least {EXAMPLES_MIN}."
        )
    accepting, winning = _train_stage(accept, EXPERT_WEIGHTS), _train_stage(win, EXPERT_WIN_WEIGHTS)
    return Artifact(accepting.stage, winning.stage), accepting, winning


def judge(examples: Examples, stage: Stage) -> Judgement:
    """Return how good a stage predicts examples."""
    weights = np.array([stage.weights.get(name, 0.0) for name in COLUMNS])
    probabilities = stage.calibration.apply(sigmoid(examples.features @ weights))
    outcomes = examples.outcomes
    return Judgement(
        examples=len(examples),
        happened=float(outcomes.mean()) if len(examples) else float("nan"),
        log_loss=log_loss(probabilities, outcomes),
        auc=area_under_curve(probabilities, outcomes),
        calibration_error=expected_calibration_error(probabilities, outcomes),
        bins=reliability(probabilities, outcomes),
    )


def _train_stage(examples: Examples, experts: Mapping[str, float]) -> Trained:
    tried = _fit(examples.part(0, 0.6), held_out=examples.part(0.6, 0.8), experts=experts)
    last = examples.part(0.8, 1)
    return Trained(
        stage=_fit(examples.part(0, 0.8), held_out=last, experts=experts),
        learned=judge(last, tried),
        experts=judge(last, Stage({name: experts.get(name, 0.0) for name in COLUMNS})),
    )


def _fit(examples: Examples, *, held_out: Examples, experts: Mapping[str, float]) -> Stage:
    prior = np.array([experts.get(name, 0.0) for name in COLUMNS])
    prior_sd = np.array([BASE_SD if name == "base" else PRIOR_SD for name in COLUMNS])
    weights = fit_around(examples.features, examples.outcomes, prior=prior, prior_sd=prior_sd).weights
    named = dict(zip(COLUMNS, weights.tolist(), strict=True))
    return Stage(named, _calibrate(held_out, weights))


def _calibrate(held_out: Examples, weights: Vector) -> Calibration:
    if not len(held_out):
        return AS_IT_IS
    return calibrate(sigmoid(held_out.features @ weights), held_out.outcomes)
