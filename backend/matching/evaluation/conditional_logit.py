"""A conditional logit: P(candidate) = softmax over the candidates of weights · features.

McFadden, "Conditional logit analysis of qualitative choice behavior" (1974).  Fitted as a MAP estimate with a
Gaussian prior around zero by Newton's method; the log-likelihood is concave, so there is one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "choose_probabilities", "fit_weights"]

FloatArray = NDArray[np.float64]

# The prior's precision: a weight is believed to lie within about 0.3 of zero until data says otherwise.
PRIOR_PRECISION = 10.0

# A step of Newton's method is cut to this length per weight, and the search ends when it is shorter than the other.
STEP_MAX = 3.0
STEP_MIN = 0.02
STEPS_MAX = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A request whose outcome is known: a row of features for each candidate, and which of them it was."""

    features: NDArray[np.float32]
    chosen: int


def choose_probabilities(features: NDArray[np.float32], weights: FloatArray) -> FloatArray:
    """Return each candidate's probability to be the one."""
    scores = features @ weights
    powers: FloatArray = np.exp(scores - scores.max())
    probabilities: FloatArray = powers / powers.sum()
    return probabilities


def fit_weights(
    choices: Sequence[Choice], *, columns: Sequence[int], start: FloatArray | None = None
) -> FloatArray:
    """Return one weight for each of the columns that are named; zeros without a choice.

    ``start`` is where to begin, such as the weights of the last fit; it saves steps and changes no answer.
    """
    weights = np.zeros(len(columns)) if start is None else start
    for _step in range(STEPS_MAX):
        step = _newton_step(choices, columns, weights)
        longest = float(np.abs(step).max(initial=0))
        weights = weights + step * min(1.0, STEP_MAX / max(longest, STEP_MIN))
        if longest < STEP_MIN:
            break
    return weights


def _newton_step(choices: Sequence[Choice], columns: Sequence[int], weights: FloatArray) -> FloatArray:
    """Return how far the weights are from the top of the parabola that fits the log posterior where they are."""
    gradient = -PRIOR_PRECISION * weights
    curvature = PRIOR_PRECISION * np.eye(len(columns))
    for rows, starts, chosen in _batch(choices, columns):
        probabilities = _softmax_by_group(rows @ weights.astype(np.float32), starts)
        weighted = rows * probabilities[:, None]
        means = np.add.reduceat(weighted, starts, axis=0)
        gradient += (rows[chosen] - means).sum(axis=0)
        curvature += rows.T @ weighted - means.T @ means
    step: FloatArray = np.linalg.solve(curvature, gradient).astype(np.float64)
    return step


def _softmax_by_group(scores: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    lengths = np.diff(np.append(starts, len(scores)))
    powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), lengths))
    shares: NDArray[np.float32] = powers / np.repeat(np.add.reduceat(powers, starts), lengths)
    return shares


def _batch(
    choices: Iterable[Choice], columns: Sequence[int], *, size: int = 500
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the rows of some choices below each other, where each begins, and which rows were chosen."""
    ordered = list(choices)
    for begin in range(0, len(ordered), size):
        part = ordered[begin : begin + size]
        starts = np.cumsum([0, *(len(one.features) for one in part[:-1])])
        rows = np.concatenate([one.features for one in part])[:, list(columns)]
        yield rows, starts, starts + np.array([one.chosen for one in part])
