"""One decision as an estimator sees it, and the few sums in which all of it is kept.

The log of a market is long, and its slates have hundreds of candidates: each is summed up as it is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WEIGHT_MAX", "Slate", "SlateSums", "sum_up"]

Vector = NDArray[np.float64]

WEIGHT_MAX = 10.0
"""No offer counts for more than this many: one lucky offer is no policy.  What that costs is bounded and told.

In a simulated market estimates were tightest, and right as often as they should be, at 10 (docs/decisions/0045)."""


@dataclass(frozen=True, slots=True)
class Slate:
    """One decision: an entry for each candidate in every array.

    ``logged`` and ``target`` are the probabilities, 0..1, with which either policy offers; ``offered`` says whom the
    log offered; ``outcomes`` what became of that, 0..1 (of those not offered anything, it is not read);
    ``predicted`` what a model expected of an offer, 0..1.

    Raises: ValueError when lengths differ, or the log offered what it could not.
    """

    logged: Vector
    target: Vector
    offered: NDArray[np.bool_]
    outcomes: Vector
    predicted: Vector

    def __post_init__(self) -> None:
        lengths = {
            len(one) for one in (self.logged, self.target, self.offered, self.outcomes, self.predicted)
        }
        if len(lengths) != 1:
            raise ValueError(f"Cannot judge a slate whose arrays have {sorted(lengths)} entries.")
        if (self.logged[self.offered] <= 0).any():
            raise ValueError("Cannot judge a slate in which something was offered with the probability 0.")


@dataclass(frozen=True, slots=True)
class SlateSums:
    """A slate summed up; π is the target's probability, p the log's, w = min(π/p, the largest weight).

    Over the offers made: ``value`` Σ r, ``weighted`` Σ w·r, ``weights`` Σ w, ``weights_squared`` Σ w²,
    ``offers`` their number, ``clipped`` Σ (π/p − w), ``corrections`` Σ w·(r − q).  Over all candidates:
    ``target_offers`` Σ π, ``predictions`` Σ π·q, ``unsupported`` Σ π where p is 0, ``beyond`` Σ (π − p·largest
    weight)⁺, which is what neither the log nor a clipped weight speaks for, and ``beyond_predictions`` that times q.
    """

    value: float
    weighted: float
    weights: float
    weights_squared: float
    offers: float
    clipped: float
    corrections: float
    target_offers: float
    predictions: float
    unsupported: float
    beyond: float
    beyond_predictions: float


def sum_up(slate: Slate, *, weight_max: float = WEIGHT_MAX) -> SlateSums:
    """Return the sums of a slate."""
    made = slate.offered
    ratios = slate.target[made] / slate.logged[made]
    weights = np.minimum(ratios, weight_max)
    outcomes, predicted = slate.outcomes[made], slate.predicted[made]
    beyond = np.maximum(0.0, slate.target - weight_max * slate.logged)
    return SlateSums(
        value=float(outcomes.sum()),
        weighted=float(weights @ outcomes),
        weights=float(weights.sum()),
        weights_squared=float(weights @ weights),
        offers=float(made.sum()),
        clipped=float((ratios - weights).sum()),
        corrections=float(weights @ (outcomes - predicted)),
        target_offers=float(slate.target.sum()),
        predictions=float(slate.target @ slate.predicted),
        unsupported=float(slate.target[slate.logged <= 0].sum()),
        beyond=float(beyond.sum()),
        beyond_predictions=float(beyond @ slate.predicted),
    )
