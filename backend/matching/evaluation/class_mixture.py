"""How likely each provider resolves a request, by way of the class in which the request will end.

The class is the last group and the pace (at once, or later).  With what is known at the opening, x:

    P(provider | x) = Σ over classes c of P(c | x) · P(provider | c)

the law of total probability, if the provider depends on x through the class alone.  The first factor moves slowly
and needs long memory, the second follows shifts and holidays and needs a short one: that is why they are apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from backend.matching.evaluation.fading_counts import FadingCounts, FloatArray
from backend.matching.evaluation.levels import CALLER_CHAIN, KIND_CHAIN, Level

__all__ = ["CLASS_HALF_LIVES_DAYS", "ClassMixture"]

# Days after which the resolution of a request in a class counts one half: a shift, a day, a week, a month.
CLASS_HALF_LIVES_DAYS = (0.2, 1.0, 5.0, 30.0)

# Likewise for which class a request ends in, and events as which the coarser level counts.
CHAIN_HALF_LIFE_DAYS = 20.0
SMOOTHING_EVENTS = 2.0

CHAINS = (KIND_CHAIN, CALLER_CHAIN)


class ClassMixture:
    """Learns both factors from outcomes as they become known."""

    def __init__(self) -> None:
        self._chain_counts = FadingCounts((CHAIN_HALF_LIFE_DAYS,))
        self._half_lives = np.array(CLASS_HALF_LIVES_DAYS)
        self._days = np.zeros(0)
        self._sums = np.zeros((0, len(self._half_lives), 0))  # class × half-life × provider

    def learn(self, facts: Mapping[str, str], *, class_: int, provider: int, day: float) -> None:
        """Take note of a request that a provider has resolved in a class."""
        for level in {level.name: level for chain in CHAINS for level in chain}.values():
            self._chain_counts.add(level.key(facts), class_, day=day)
        self._make_room(class_, provider, day=day)
        self._sums[class_] *= (0.5 ** ((day - self._days[class_]) / self._half_lives))[:, None]
        self._days[class_] = day
        self._sums[class_, :, provider] += 1

    def estimate(
        self, facts: Mapping[str, str], *, class_count: int, provider_count: int, day: float
    ) -> FloatArray:
        """Return P(provider | x): a row for each chain and half-life, a column for each provider."""
        classes = np.array([self._estimate_classes(chain, facts, class_count, day) for chain in CHAINS])
        kept = 0.5 ** ((day - self._days[:class_count, None]) / self._half_lives)
        sums = self._sums[:class_count, :, :provider_count]
        totals = np.maximum(sums.sum(axis=2) * kept, 0)
        weights = classes[:, :, None] / (totals + SMOOTHING_EVENTS)
        shares = np.einsum("kch,chj->khj", weights * kept, sums, optimize=False)
        shares += SMOOTHING_EVENTS * weights.sum(axis=1)[:, :, None] / provider_count
        rows: FloatArray = shares.reshape(-1, provider_count)
        return rows

    def _estimate_classes(
        self, chain: Sequence[Level], facts: Mapping[str, str], class_count: int, day: float
    ) -> FloatArray:
        """Return P(class | x), each level of the chain smoothed towards the one before."""
        shares = np.full(class_count, 1 / class_count)
        for level in chain:
            faded = self._chain_counts.read(level.key(facts), day=day)
            if faded is not None:
                shares *= SMOOTHING_EVENTS
                shares[faded.items] += faded.counts[:, 0]
                shares /= faded.counts.sum() + SMOOTHING_EVENTS
        return shares

    def _make_room(self, class_: int, provider: int, *, day: float) -> None:
        """Grow by doubling, so that each number is copied few times."""
        classes, half_lives, providers = self._sums.shape
        if class_ < classes and provider < providers:
            return
        larger = (max(2 * class_ + 2, classes), half_lives, max(2 * provider + 2, providers))
        sums, days = np.zeros(larger), np.full(larger[0], day)
        sums[:classes, :, :providers] = self._sums
        days[:classes] = self._days
        self._sums, self._days = sums, days
