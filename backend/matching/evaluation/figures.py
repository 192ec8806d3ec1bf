"""What the ranks amount to: hit@k, mean reciprocal rank, ratios, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.evaluation.baselines import BASELINES

__all__ = [
    "METRICS",
    "Estimate",
    "Figures",
    "WeekFigures",
    "compare",
    "compare_by_week",
    "find_best_baseline",
]

FloatArray = NDArray[np.float64]

# Resamples of the bootstrap, and the part of them that an interval leaves out on each side.
RESAMPLES = 2000
TAIL_PERCENT = 2.5

METRICS = ("hit@1", "hit@3", "hit@5", "MRR")
RATIO_METRICS = ("hit@1", "MRR")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One ranking's: by metric, and as multiples of the best baseline's (hit@1 and MRR)."""

    name: str
    metrics: Mapping[str, Estimate]
    ratios: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The hit@1 of each ranking in one week of the judged requests, counted from the first."""

    week: int
    requests: int
    hits: Mapping[str, float]


def find_best_baseline(ranks: Mapping[str, Sequence[float]]) -> str:
    """Return the name of the counting ranking with the highest mean reciprocal rank."""
    return max(BASELINES, key=lambda name: float(np.mean(1 / np.array(ranks[name]))))


def compare(ranks: Mapping[str, Sequence[float]], *, days: Sequence[float], seed: int = 1) -> list[Figures]:
    """Return the figures of each ranking.

    The intervals are percentiles of a bootstrap over whole days (Künsch 1989, blocks that do not overlap): requests
    of one day share who is on shift.  All rankings see the same days, so a ratio's interval is that of the pairs.
    """
    sums = {name: _sum_by_day(of_one, days) for name, of_one in ranks.items()}
    draws = _draw_days(len(next(iter(sums.values()))), seed=seed)
    best = sums[find_best_baseline(ranks)]
    return [
        Figures(name, _estimate_means(of_one, draws), _estimate_ratios(of_one, best, draws))
        for name, of_one in sums.items()
    ]


def compare_by_week(ranks: Mapping[str, Sequence[float]], *, days: Sequence[float]) -> list[WeekFigures]:
    """Return the hit@1 of each ranking by week."""
    weeks = ((np.array(days) - days[0]) // 7).astype(int)
    return [
        WeekFigures(
            int(week),
            int((weeks == week).sum()),
            {name: float((np.array(of_one)[weeks == week] <= 1).mean()) for name, of_one in ranks.items()},
        )
        for week in np.unique(weeks)
    ]


def _sum_by_day(ranks: Sequence[float], days: Sequence[float]) -> FloatArray:
    """Return a row per day: how many requests, then the sum of each metric."""
    values = np.array(ranks)
    gains = [np.ones_like(values), *(values <= k for k in (1, 3, 5)), 1 / values]
    _days, number = np.unique(np.floor(days), return_inverse=True)
    return np.stack([np.bincount(number, weights=gain) for gain in gains], axis=1)


def _draw_days(count: int, *, seed: int) -> FloatArray:
    """Return how often each day is drawn, a row per resample; the first row is the days as they were."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return np.vstack([np.ones(count), drawn])


def _estimate_means(sums: FloatArray, draws: FloatArray) -> dict[str, Estimate]:
    totals = draws @ sums
    return {name: _summarize(totals[:, n] / totals[:, 0]) for n, name in enumerate(METRICS, start=1)}


def _estimate_ratios(sums: FloatArray, best: FloatArray, draws: FloatArray) -> dict[str, Estimate]:
    ours, theirs = draws @ sums, draws @ best
    columns = {name: METRICS.index(name) + 1 for name in RATIO_METRICS}
    # A baseline that never hits would divide by zero: the ratio is then infinite, or none (NaN).
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: _summarize(ours[:, n] / theirs[:, n]) for name, n in columns.items()}


def _summarize(values: FloatArray) -> Estimate:
    drawn = values[1:][~np.isnan(values[1:])]
    if not len(drawn):
        return Estimate(float(values[0]), math.nan, math.nan)
    # Without interpolation: between a number and infinity there is nothing.
    low, high = np.percentile(drawn, [TAIL_PERCENT, 100 - TAIL_PERCENT], method="inverted_cdf")
    return Estimate(float(values[0]), float(low), float(high))
