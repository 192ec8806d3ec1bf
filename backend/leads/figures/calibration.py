"""Whether what is promised comes true: predictions of many offers added up, beside what became of them."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from enum import Enum

__all__ = ["ENOUGH_OFFERS", "Z_95", "Z_99", "Interval", "Tally", "Verdict"]

ENOUGH_OFFERS = 50
"""Of fewer offers chance says more than the predictions do."""

Z_95, Z_99 = 1.959964, 2.575829
"""How many standard deviations from the mean hold 95 % and 99 % of a normal distribution."""


class Verdict(Enum):
    """Where the observed share lies; beyond 99 % is for one week in a hundred, if predictions are right."""

    FEW = "few"
    WITHIN = "within"
    BEYOND_95 = "beyond_95"
    BEYOND_99 = "beyond_99"


@dataclass(frozen=True, slots=True)
class Interval:
    """From one share to another, both included."""

    low: float
    high: float

    def holds(self, share: float) -> bool:
        """Return whether a share lies within, its rounding left aside."""
        return self.low - 1e-9 <= share <= self.high + 1e-9


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over answered offers, with p = the promised P(accepts) of each and y = 1 where it was accepted.

    ``promised`` is Σp, ``variance`` Σp(1−p), ``squared`` Σ(p−y)², ``surprise`` Σ−ln(probability of what happened).
    """

    offers: int = 0
    accepted: int = 0
    promised: float = 0.0
    variance: float = 0.0
    squared: float = 0.0
    surprise: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def predicted(self) -> float | None:
        """Return the mean of what was promised; None of nothing."""
        return self.promised / self.offers if self.offers else None

    @property
    def observed(self) -> float | None:
        """Return the share that was accepted; None of nothing."""
        return self.accepted / self.offers if self.offers else None

    @property
    def brier(self) -> float | None:
        """Return the mean squared error of the promises: 0 is perfect, 0.25 a coin; None of nothing."""
        return self.squared / self.offers if self.offers else None

    @property
    def log_loss(self) -> float | None:
        """Return the mean −log probability of what happened, in nats: 0.693 is a coin; None of nothing."""
        return self.surprise / self.offers if self.offers else None

    def confidence(self, z: float = Z_95) -> Interval | None:
        """Return which true shares the observed one goes with; None of nothing.

        Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
        """
        if self.observed is None:
            return None
        n, share = self.offers, self.observed
        middle = share + z * z / (2 * n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return Interval(
            max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))
        )

    def band(self, z: float = Z_95) -> Interval | None:
        """Return where the observed share lies if the promises are right; None of nothing.

        Each offer is a coin of its own: their number is Poisson-binomial, with variance Σp(1−p), and nearly normal.
        """
        if self.predicted is None:
            return None
        half = z * math.sqrt(self.variance) / self.offers
        return Interval(max(0.0, self.predicted - half), min(1.0, self.predicted + half))

    @property
    def verdict(self) -> Verdict:
        """Return where the observed share lies in the bands; FEW when there are not enough offers to tell."""
        inner, outer = self.band(Z_95), self.band(Z_99)
        if self.offers < ENOUGH_OFFERS or self.observed is None or inner is None or outer is None:
            return Verdict.FEW
        if inner.holds(self.observed):
            return Verdict.WITHIN
        return Verdict.BEYOND_95 if outer.holds(self.observed) else Verdict.BEYOND_99
