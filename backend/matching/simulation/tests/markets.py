"""Small markets for tests."""

from __future__ import annotations

from backend.matching.simulation.market import Market, make_market
from backend.matching.simulation.settings import MarketSize

SMALL = MarketSize(weeks=4, providers=36, leads_a_week=14, cities=2, categories=2)


def small_market(seed: int = 7) -> Market:
    """Return a market of some fifty leads."""
    return make_market(SMALL, seed=seed)
