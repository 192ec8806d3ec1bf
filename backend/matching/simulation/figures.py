"""What a season came to, as numbers; and many seasons side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from backend.matching.inequality import gini
from backend.matching.simulation.market import HOURS_A_WEEK, Market
from backend.matching.simulation.season import Case

__all__ = ["NEW_WEEKS", "Figures", "count"]

Vector = NDArray[np.float64]

# A new provider should have had an offer within so many weeks.
NEW_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """One policy over one market.

    ``win_rate`` and ``unfilled`` (nobody accepted) are shares of all leads; ``response_h`` is the median time from a
    lead to the first that accepts, where one does.  ``new`` counts the providers that joined at least ``NEW_WEEKS``
    before the end, ``new_without_offer`` those of them that had none in that time.  ``explored`` is the share of
    offers drawn by chance.
    """

    win_rate: float
    unfilled: float
    offers_a_lead: float
    response_h: float
    offers_gini: float
    wins_gini: float
    new: float
    new_without_offer: float
    explored: float

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all figures."""
        return tuple(one.name for one in fields(cls))


def count(market: Market, cases: Sequence[Case]) -> Figures:
    """Count what became of a market's leads."""
    offers = [offer for case in cases for offer in case.offers]
    providers = len(market.providers)
    winners = [case.winner for case in cases if case.winner is not None]
    firsts = [
        at_h - case.arrived_h
        for case in cases
        if case.accepted and (at_h := case.accepted[0].answered_h) is not None
    ]
    new, without = _count_new(market, cases)
    explored = [offer.propensity is not None and offer.propensity < 1 for offer in offers]
    return Figures(
        win_rate=len(winners) / len(cases),
        unfilled=sum(not case.accepted for case in cases) / len(cases),
        offers_a_lead=len(offers) / len(cases),
        response_h=float(np.median(firsts)) if firsts else float("nan"),
        offers_gini=gini(np.bincount([offer.provider for offer in offers], minlength=providers)),
        wins_gini=gini(np.bincount(winners, minlength=providers)),
        new=new,
        new_without_offer=without,
        explored=float(np.mean(explored)) if offers else 0.0,
    )


def _count_new(market: Market, cases: Sequence[Case]) -> tuple[int, int]:
    joined_h = market.providers.joined_h
    first_h = np.full(len(joined_h), np.inf)
    for case in cases:
        for offer in case.offers:
            first_h[offer.provider] = min(first_h[offer.provider], offer.at_h)
    time_h = NEW_WEEKS * HOURS_A_WEEK
    new = (joined_h >= 0) & (joined_h + time_h <= market.size.weeks * HOURS_A_WEEK)
    return int(new.sum()), int((first_h[new] > joined_h[new] + time_h).sum())
