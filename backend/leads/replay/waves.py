"""All the waves of a lead, by prediction: what terms such as "acceptances that are enough" are about.

The log tells of first offers alone; what waves make of them follows from how likely each candidate accepts.  Answers
are taken to be independent of each other.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.leads.terms import Terms

__all__ = ["Outlook", "expect_waves", "mean_outlook"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a lead may expect of all its waves; ``taken`` is the probability that anybody accepts."""

    offers: float
    accepts: float
    wins: float
    taken: float


def expect_waves(accepts: Vector, wins: Vector, *, terms: Terms) -> Outlook:
    """Return what is expected when candidates are asked in this order, wave by wave, exactly.

    ``accepts`` is how likely each accepts an offer, ``wins`` how likely it wins then.
    """
    asked, nobody = _ask(accepts, terms=terms)
    return Outlook(
        offers=float(asked.sum()),
        accepts=float(asked @ accepts),
        wins=float(asked @ (accepts * wins)),
        taken=1.0 - nobody,
    )


def _ask(accepts: Vector, *, terms: Terms) -> tuple[Vector, float]:
    """Return how likely each is asked, and how likely it is that nobody accepts."""
    asked = np.zeros(len(accepts))

    @functools.cache
    def count_accepts(first: int, end: int) -> list[float]:
        return _count_accepts(accepts[first:end].tolist())

    # How likely so many were asked, of whom so many accepted.
    states = {(0, 0): 1.0}
    for _wave in range(terms.waves_max):
        after: dict[tuple[int, int], float] = defaultdict(float)
        for (made, accepted), chance in states.items():
            free = _free_places(made, accepted, terms=terms, known=len(accepts))
            asked[made : made + free] += chance
            for more, share in enumerate(count_accepts(made, made + free)):
                after[made + free, min(accepted + more, terms.accepted_max)] += chance * share
        if after.keys() == states.keys():
            break
        states = after
    return asked, sum(chance for (_made, accepted), chance in states.items() if not accepted)


def mean_outlook(outlooks: Sequence[Outlook]) -> Outlook:
    """Return the mean over leads; zeros of none."""
    rows = [(one.offers, one.accepts, one.wins, one.taken) for one in outlooks]
    return Outlook(*np.mean(rows, axis=0).tolist()) if rows else Outlook(0.0, 0.0, 0.0, 0.0)


def _free_places(made: int, accepted: int, *, terms: Terms, known: int) -> int:
    """Return how many are asked in the next wave: none once enough have accepted."""
    if accepted >= terms.accepted_enough:
        return 0
    return max(0, min(terms.places - accepted, terms.offers_max - made, known - made))


def _count_accepts(chances: Sequence[float]) -> list[float]:
    """Return how likely 0, 1, 2 … of independent offers are accepted."""
    counts = [1.0]
    for chance in chances:
        fewer, more = [*counts, 0.0], [0.0, *counts]
        counts = [(1 - chance) * one + chance * other for one, other in zip(fewer, more, strict=True)]
    return counts
