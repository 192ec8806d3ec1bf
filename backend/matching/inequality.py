"""How unequally something is shared out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["gini"]


def gini(amounts: ArrayLike) -> float:
    """Return how unequal amounts are: 0 all the same, near 1 one has all; 0 of nothing.

    Gini, "Variabilità e mutabilità", 1912.
    """
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    total, number = ordered.sum(), len(ordered)
    if not total:
        return 0.0
    ranks = np.arange(1, number + 1)
    return float((2 * ranks - number - 1) @ ordered / (number * total))
