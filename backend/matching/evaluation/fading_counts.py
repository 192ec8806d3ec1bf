"""Counts of what happened under a key, which fade with several half-lives at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Faded", "FadingCounts"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Faded:
    """The counts of one key as of an instant: ``counts`` has a row per item and a column per half-life."""

    items: NDArray[np.intp]
    counts: FloatArray


@dataclass(slots=True)
class _Row:
    """What one key has counted, as of ``day``; only items that occurred take room."""

    day: float
    counts: FloatArray
    items: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    places: dict[int, int] = field(default_factory=dict)


class FadingCounts:
    """Counts of items (numbers from 0) by key: after a half-life an event counts one half.

    A row is brought up to date when it is touched, never in between, so time costs nothing.
    """

    def __init__(self, half_lives_days: Sequence[float]) -> None:
        self._half_lives = np.array(half_lives_days)
        self._rows: dict[Hashable, _Row] = {}

    def add(self, key: Hashable, item: int, *, day: float) -> None:
        """Count an item under a key; days never go back."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = _Row(day, np.empty((0, len(self._half_lives))))
        row.counts *= self._kept(day - row.day)
        row.day = day
        if item not in row.places:
            row.places[item] = len(row.items)
            row.items = np.append(row.items, item)
            row.counts = np.vstack([row.counts, np.zeros(len(self._half_lives))])
        row.counts[row.places[item]] += 1

    def read(self, key: Hashable, *, day: float) -> Faded | None:
        """Return what a key has counted by now; None when nothing."""
        row = self._rows.get(key)
        return None if row is None else Faded(row.items, row.counts * self._kept(day - row.day))

    def _kept(self, days: float) -> FloatArray:
        kept: FloatArray = 0.5 ** (days / self._half_lives)
        return kept
