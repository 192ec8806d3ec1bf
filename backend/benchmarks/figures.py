"""Figures and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Measurement", "percentile"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of a benchmark's table: what was measured, and its figures by column, in the column's unit."""

    name: str
    figures: dict[str, float]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that ``percent`` of the values do not exceed (nearest rank).

    Raises: IndexError when there are no values.
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
