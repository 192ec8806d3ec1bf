"""How evenly something is shared: Lorenz curve, Gini coefficient, and what the first tenth has of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backend.matching.inequality import gini

__all__ = ["Distribution"]


@dataclass(frozen=True)
class Distribution:
    """How many holders have how much: ``holders_by_amount[3]`` of them have three.

    Lorenz, "Methods of measuring the concentration of wealth", 1905.
    """

    holders_by_amount: Mapping[int, int]

    @property
    def holders(self) -> int:
        """Return how many there are to share with, those who have nothing included."""
        return sum(self.holders_by_amount.values())

    @property
    def total(self) -> int:
        """Return how much is shared."""
        return sum(amount * holders for amount, holders in self.holders_by_amount.items())

    @cached_property
    def lorenz(self) -> tuple[tuple[float, float], ...]:
        """Return the Lorenz curve from (0, 0) to (1, 1): the poorest share of holders has which share of all.

        A point for each amount; between two of them holders have alike, so that the line is straight.  () of nothing.
        """
        if not self.total:
            return ()
        points, holders, owned = [(0.0, 0.0)], 0, 0
        for amount in sorted(self.holders_by_amount):
            holders += self.holders_by_amount[amount]
            owned += amount * self.holders_by_amount[amount]
            points.append((holders / self.holders, owned / self.total))
        return tuple(points)

    @property
    def gini(self) -> float | None:
        """Return 0 where everybody has the same, towards 1 where one has all; None where there is nothing."""
        if not self.total:
            return None
        amounts, holders = zip(*self.holders_by_amount.items(), strict=True)
        return gini(np.repeat(amounts, holders))

    def share_of_richest(self, share: float) -> float | None:
        """Return which share of all the richest ``share`` of the holders have; None where there is nothing.

        Where it ends among holders who have alike, it has its part of theirs.
        """
        if not self.lorenz:
            return None
        holders, owned = zip(*self.lorenz, strict=True)
        return 1 - float(np.interp(1 - share, holders, owned))
