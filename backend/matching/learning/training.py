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
from backend.matching.learning.calibration import calibrate
from backend.matching.learning.logistic import fit_around, sigmoid
from backend.matching.learning.metrics import (
    Bin,
    area_under_curve,
    expected_calibration_error,
    log_loss,
    reliability,
)
from backend.matching.learning.trees import ACCEPT_DIRECTIONS, WIN_DIRECTIONS, grow
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
    """A stage, and how it, the experts and (where it has trees) the regression without them do on the last fifth."""

    stage: Stage
    learned: Judgement
    experts: Judgement
    logistic: Judgement | None = None


def train(accept: Examples, win: Examples, *, with_trees: bool = False) -> tuple[Artifact, Trained, Trained]:
    """Train both stages, perhaps with trees over them; return the artifact, and each stage with its judgement.

    Raises: TooFewExamples when fewer than ``EXAMPLES_MIN`` offers were answered.  Winning may have fewer: it then stays
    close to the experts.
    """
    if len(accept) < EXAMPLES_MIN:
        raise TooFewExamples(
            f"Cannot train on {len(accept)} answered offers: there must be at least {EXAMPLES_MIN}."
        )
    accepting = _train_stage(accept, EXPERT_WEIGHTS, ACCEPT_DIRECTIONS if with_trees else None)
    winning = _train_stage(win, EXPERT_WIN_WEIGHTS, WIN_DIRECTIONS if with_trees else None)
    return Artifact(accepting.stage, winning.stage), accepting, winning


def judge(examples: Examples, stage: Stage) -> Judgement:
    """Return how good a stage predicts examples."""
    probabilities = stage.calibration.apply(sigmoid(stage.log_odds(examples.features)))
    outcomes = examples.outcomes
    return Judgement(
        examples=len(examples),
        happened=float(outcomes.mean()) if len(examples) else float("nan"),
        log_loss=log_loss(probabilities, outcomes),
        auc=area_under_curve(probabilities, outcomes),
        calibration_error=expected_calibration_error(probabilities, outcomes),
        bins=reliability(probabilities, outcomes),
    )


def _train_stage(
    examples: Examples, experts: Mapping[str, float], directions: Mapping[str, int] | None
) -> Trained:
    """Train a stage; with trees over it where it is said which way its features may go."""
    fitted, next_fifth, last = examples.part(0, 0.6), examples.part(0.6, 0.8), examples.part(0.8, 1)
    tried = _fit(fitted, experts)
    kept = _fit(examples.part(0, 0.8), experts)
    logistic = judge(last, _calibrated(tried, next_fifth))
    if directions is not None:
        tried = _grow(tried, fitted, directions)
        kept = _grow(kept, examples.part(0, 0.8), directions)
    return Trained(
        stage=_calibrated(kept, last),
        learned=judge(last, _calibrated(tried, next_fifth)),
        experts=judge(last, Stage({name: experts.get(name, 0.0) for name in COLUMNS})),
        logistic=None if tried.trees is None else logistic,
    )


def _fit(examples: Examples, experts: Mapping[str, float]) -> Stage:
    prior = np.array([experts.get(name, 0.0) for name in COLUMNS])
    prior_sd = np.array([BASE_SD if name == "base" else PRIOR_SD for name in COLUMNS])
    weights = fit_around(examples.features, examples.outcomes, prior=prior, prior_sd=prior_sd).weights
    return Stage(dict(zip(COLUMNS, weights.tolist(), strict=True)))


def _grow(stage: Stage, examples: Examples, directions: Mapping[str, int]) -> Stage:
    """Return a stage with trees over it; a weight that goes against its direction counts as none.

    With too few examples it stays as it is.
    """
    if len(examples) < EXAMPLES_MIN:
        return stage
    weights = {
        name: weight if weight * directions.get(name, 0) >= 0 else 0.0
        for name, weight in stage.weights.items()
    }
    base = Stage(weights)
    trees = grow(
        examples.features,
        examples.outcomes,
        log_odds=base.log_odds(examples.features),
        directions=directions,
    )
    return Stage(weights, trees=trees)


def _calibrated(stage: Stage, held_out: Examples) -> Stage:
    if not len(held_out):
        return stage
    calibration = calibrate(sigmoid(stage.log_odds(held_out.features)), held_out.outcomes)
    return Stage(stage.weights, calibration, stage.trees)
