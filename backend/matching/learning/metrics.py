"""How good predictions are: their loss, their order, and whether they happen as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bin", "area_under_curve", "expected_calibration_error", "log_loss", "ndcg_at", "reliability"]

Vector = NDArray[np.float64]

_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same probability: their mean, the share that happened, how many they are."""

    predicted: float
    observed: float
    count: int


def log_loss(probabilities: Vector, outcomes: Vector) -> float:
    """Return the mean −log probability of what happened, in nats; NaN of nothing.  Certainty counts as 1 − 10⁻¹²."""
    if not len(outcomes):
        return float("nan")
    sure = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return float(-np.mean(np.where(outcomes > 0, np.log(sure), np.log1p(-sure))))


def area_under_curve(scores: Vector, outcomes: Vector) -> float:
    """Return the probability that one that happened scored higher than one that did not; ties count half.

    NaN unless both kinds are there.  By ranks (Mann and Whitney, 1947).
    """
    happened = outcomes > 0
    positives, negatives = int(happened.sum()), int((~happened).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = _mean_ranks(scores)
    return float((ranks[happened].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def reliability(probabilities: Vector, outcomes: Vector, *, bins: int = 10) -> tuple[Bin, ...]:
    """Return bins of about the same number of predictions each, by rising probability; empty ones are left out."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple(
        Bin(float(probabilities[part].mean()), float(outcomes[part].mean()), len(part)) for part in parts
    )


def expected_calibration_error(probabilities: Vector, outcomes: Vector, *, bins: int = 10) -> float:
    """Return the mean distance of predicted and observed over the bins, weighed by their size; NaN of nothing."""
    found = reliability(probabilities, outcomes, bins=bins)
    if not found:
        return float("nan")
    distance = sum(abs(one.predicted - one.observed) * one.count for one in found)
    return distance / sum(one.count for one in found)


def ndcg_at(places: int, scores: Sequence[Vector], gains: Sequence[Vector]) -> float:
    """Return the mean discounted gain of the first places over the best possible one, over queries with any gain.

    Järvelin and Kekäläinen, 2002.  One vector of scores and one of gains for each query; NaN without any gain.
    """
    found = []
    for score, gain in zip(scores, gains, strict=True):
        best = _discounted(np.sort(gain)[::-1][:places])
        if best > 0:
            found.append(_discounted(gain[np.argsort(-score, kind="stable")][:places]) / best)
    return float(np.mean(found)) if found else float("nan")


def _discounted(gains: Vector) -> float:
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def _mean_ranks(scores: Vector) -> Vector:
    """Return ranks from 1; equal scores share the mean of theirs."""
    _values, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])
