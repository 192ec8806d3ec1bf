"""Isotonic calibration: the step function that best maps predicted probabilities to what was seen, never falling.

Pool adjacent violators (Ayer, Brunk, Ewing, Reid and Silverman, 1955; Zadrozny and Elkan, 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["AS_IT_IS", "Calibration", "calibrate"]

Vector = NDArray[np.float64]

# Fewer outcomes than this say more about chance than about calibration.
EXAMPLES_MIN = 1000

# A corner says at least this many outcomes: a single one at an end would promise 0 or 1.
EXAMPLES_PER_CORNER = 50


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corners of the map, both rising; linear between them, level beyond.  Without corners nothing changes."""

    predicted: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()

    def apply(self, probabilities: Vector) -> Vector:
        """Return calibrated probabilities, in the order given."""
        if not self.predicted:
            return probabilities
        return np.interp(probabilities, self.predicted, self.observed)


AS_IT_IS = Calibration()
"""The calibration that changes nothing."""


def calibrate(probabilities: Vector, outcomes: Vector) -> Calibration:
    """Fit the map to outcomes (0 or 1) that were held out; with fewer than ``EXAMPLES_MIN`` it leaves all as it is."""
    if len(outcomes) < EXAMPLES_MIN:
        return AS_IT_IS
    order = np.argsort(probabilities, kind="stable")
    groups = _in_groups(probabilities[order], outcomes[order])
    pooled: list[tuple[float, float, float]] = []  # mean predicted, mean observed, count
    for group in groups:
        pooled.append(group)
        while len(pooled) > 1 and pooled[-2][1] >= pooled[-1][1]:
            pooled.append(_merge(pooled.pop(), pooled.pop()))
    return Calibration(tuple(one[0] for one in pooled), tuple(one[1] for one in pooled))


def _in_groups(probabilities: Vector, outcomes: Vector) -> list[tuple[float, float, float]]:
    """Return neighbours in groups of at least ``EXAMPLES_PER_CORNER``; equal predictions stay together."""
    groups, start, rows = [], 0, len(outcomes)
    while start < rows:
        end = min(rows, start + EXAMPLES_PER_CORNER)
        if rows - end < EXAMPLES_PER_CORNER:
            end = rows
        while end < rows and probabilities[end] == probabilities[end - 1]:
            end += 1
        count = float(end - start)
        groups.append((float(probabilities[start:end].mean()), float(outcomes[start:end].mean()), count))
        start = end
    return groups


def _merge(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    count = one[2] + other[2]
    predicted = (one[0] * one[2] + other[0] * other[2]) / count
    return predicted, (one[1] * one[2] + other[1] * other[2]) / count, count
