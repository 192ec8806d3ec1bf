"""Estimates of a policy's value per lead from the sums of slates, with intervals clustered by lead."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.off_policy.slates import SlateSums

__all__ = ["Estimate", "Evaluation", "TooFewLeads", "evaluate"]

Vector = NDArray[np.float64]

LEADS_MIN = 2

# The 97.5 % quantile of the normal distribution: intervals are of 95 %.
_NORMAL = 1.959964


class TooFewLeads(ValueError):
    """Cannot judge a policy by … leads: there must be at least …."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value per lead, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the log says of a target policy, per lead.

    ``logged`` is what came of the log's own offers; ``change`` the doubly robust estimate less that, whose interval is
    tighter than the two apart because both are of the same leads.  ``worst_case`` is the doubly robust
    interval, widened by what offers that the log does not speak for could bring at most and at least.

    ``effective_offers`` says by how many equally weighted offers the estimates are carried, of ``offers`` (Kish,
    "Survey sampling", 1965); ``unsupported_share`` is the share of the target's offers that the log could never have
    made, ``clipped_share`` the share of all weight that clipping took away.
    """

    leads: int
    logged: Estimate
    inverse_propensity: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate
    change: Estimate
    worst_case: Estimate
    offers: float
    target_offers: float
    effective_offers: float
    unsupported_share: float
    clipped_share: float


def evaluate(slates: Sequence[SlateSums]) -> Evaluation:
    """Judge a policy by one slate per lead.

    Intervals are those of a mean over leads, by the sandwich of its influence function and Student's quantile: what
    is offered together is one cluster.

    Raises: TooFewLeads when there are fewer than ``LEADS_MIN``.
    """
    if len(slates) < LEADS_MIN:
        raise TooFewLeads(
            f"Cannot judge a policy by {len(slates)} leads: there must be at least {LEADS_MIN}."
        )
    column = _columns_of(slates)
    value, weights, offers = column("value"), column("weights"), column("target_offers")
    robust = column("predictions") + column("corrections")
    robustly = _estimate(robust)
    spared = float(column("beyond_predictions").mean())
    missed = float(column("beyond").mean()) - spared
    return Evaluation(
        leads=len(slates),
        logged=_estimate(value),
        inverse_propensity=_estimate(column("weighted")),
        self_normalised=_estimate_ratio(column("weighted"), weights, times=offers),
        doubly_robust=robustly,
        change=_estimate(robust - value),
        worst_case=Estimate(robustly.value, robustly.low - spared, robustly.high + missed),
        offers=float(column("offers").mean()),
        target_offers=float(offers.mean()),
        effective_offers=_divide(weights.sum() ** 2, column("weights_squared").sum()),
        unsupported_share=_divide(column("unsupported").sum(), offers.sum()),
        clipped_share=_divide(column("clipped").sum(), weights.sum() + column("clipped").sum()),
    )


def _columns_of(slates: Sequence[SlateSums]) -> Callable[[str], Vector]:
    def column(name: str) -> Vector:
        return np.array([getattr(slate, name) for slate in slates], dtype=np.float64)

    return column


def _estimate(values: Vector) -> Estimate:
    """Return the mean over leads with its interval."""
    half = _quantile(len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    mean = float(values.mean())
    return Estimate(mean, float(mean - half), float(mean + half))


def _estimate_ratio(numerator: Vector, denominator: Vector, *, times: Vector) -> Estimate:
    """Return (mean of one / mean of another) × mean of a third, linearised around the means for its interval."""
    if not denominator.sum():
        return Estimate(0.0, 0.0, 0.0)
    ratio, factor = numerator.mean() / denominator.mean(), times.mean()
    influence = factor * (numerator - ratio * denominator) / denominator.mean() + ratio * (times - factor)
    return _estimate(ratio * factor + influence)


def _quantile(freedom: int) -> float:
    """Return Student's 97.5 % quantile (Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.5)."""
    z = _NORMAL
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _divide(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
