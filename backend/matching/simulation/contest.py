"""All policies over the same markets, and what can be said of the differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backend.matching.simulation.figures import Figures, count
from backend.matching.simulation.market import make_market
from backend.matching.simulation.rivals import BOUND, ROUND_ROBIN, Rival, list_rivals
from backend.matching.simulation.season import Season
from backend.matching.simulation.settings import MarketSize, OfferTerms

__all__ = ["Contest", "Estimate", "Standing", "estimate", "run_contest"]

# Student's t: how many standard errors a 95 % interval reaches to each side, for 1, 2, … degrees of freedom.
_T95 = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
)
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over markets and its 95 % interval; of a single market the interval is the whole line."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """One policy: each figure over the markets; its win rate over round robin's and the bound's, market by market."""

    name: str
    figures: Mapping[str, Estimate]
    to_round_robin: Estimate
    to_bound: Estimate
    unfilled_to_round_robin: Estimate


@dataclass(frozen=True, slots=True)
class Contest:
    """What was run, and how the policies stand."""

    size: MarketSize
    terms: OfferTerms
    seeds: tuple[int, ...]
    leads: int
    standings: tuple[Standing, ...]


def run_contest(
    size: MarketSize,
    terms: OfferTerms,
    *,
    seeds: Sequence[int],
    rivals: Callable[[OfferTerms], Sequence[Rival]] = list_rivals,
    advance: Callable[[], object] = lambda: None,
    say: Callable[[str], object] = lambda _what: None,
) -> Contest:
    """Run every policy over the market of every seed.

    ``advance`` is called with each lead of each run, ``say`` with what is being run.  ``rivals`` gives fresh policies,
    round robin and the bound among them.
    """
    found: dict[str, list[Figures]] = {}
    leads = 0
    for seed in seeds:
        market = make_market(size, seed=seed)
        leads += len(market.leads)
        for rival in rivals(terms):
            say(f"seed {seed}: {rival.name}")
            cases = Season(market, rival, terms).run(advance=advance)
            found.setdefault(rival.name, []).append(count(market, cases))
    standings = tuple(_stand(name, found) for name in found)
    return Contest(size, terms, tuple(seeds), leads, standings)


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of values that were drawn independently, and its interval by Student's t."""
    mean, number = float(np.mean(values)), len(values)
    if number < 2:
        return Estimate(mean, -math.inf, math.inf)
    reach = _T95[number - 2] if number - 2 < len(_T95) else _NORMAL_95
    error = reach * float(np.std(values, ddof=1)) / math.sqrt(number)
    return Estimate(mean, mean - error, mean + error)


def _stand(name: str, found: Mapping[str, Sequence[Figures]]) -> Standing:
    return Standing(
        name=name,
        figures={one: estimate(_values(found[name], one)) for one in Figures.names()},
        to_round_robin=_ratio("win_rate", found[name], found[ROUND_ROBIN]),
        to_bound=_ratio("win_rate", found[name], found[BOUND]),
        unfilled_to_round_robin=_ratio("unfilled", found[name], found[ROUND_ROBIN]),
    )


def _ratio(figure: str, mine: Sequence[Figures], theirs: Sequence[Figures]) -> Estimate:
    """Return how many times another's figure one is, market by market: what markets have in common drops out."""
    pairs = zip(_values(mine, figure), _values(theirs, figure), strict=True)
    return estimate([one / other if other else math.nan for one, other in pairs])


def _values(figures: Sequence[Figures], name: str) -> list[float]:
    return [float(getattr(one, name)) for one in figures]
