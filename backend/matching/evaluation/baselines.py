"""Rankings that count: what any other has to beat."""

from __future__ import annotations

import math
from collections.abc import Sequence

from backend.matching.evaluation.fading_counts import FadingCounts
from backend.matching.evaluation.levels import Level
from backend.matching.evaluation.stream import Opened, Resolved

__all__ = ["BASELINES", "CountRanking"]

DECAY_HALF_LIFE_DAYS = 14.0

_ALL = Level("all", None)
_KIND = Level("kind", None, ("subcategory",))
_KIND_PLACE = Level("kind_place", None, ("subcategory", "location"))
_GROUP = Level("group", None, ("first_group",))
_GROUP_KIND = Level("group_kind", None, ("first_group", "subcategory"))
_GROUP_KIND_PLACE = Level("group_kind_place", None, ("first_group", "subcategory", "location"))

# Finest level first.  The names are those of the table that is printed.
BASELINES: dict[str, tuple[tuple[Level, ...], float]] = {
    "popularity": ((_ALL,), math.inf),
    "popularity, fading": ((_ALL,), DECAY_HALF_LIFE_DAYS),
    "back-off counts": ((_KIND_PLACE, _KIND, _ALL), DECAY_HALF_LIFE_DAYS),
    "back-off counts, group known": ((_GROUP_KIND_PLACE, _GROUP_KIND, _GROUP, _ALL), DECAY_HALF_LIFE_DAYS),
}


class CountRanking:
    """Orders by counts at the finest level; whom that has not seen follows by the next one, and so on."""

    def __init__(self, levels: Sequence[Level], *, half_life_days: float) -> None:
        self._levels = levels
        self._counts = FadingCounts((half_life_days,))

    def learn(self, event: Resolved, *, provider: int) -> None:
        """Count an outcome."""
        for level in self._levels:
            self._counts.add(level.key(event.opened.facts), provider, day=event.day)

    def order(self, opened: Opened) -> list[int]:
        """Return the providers, best first; of equals the one that was seen first."""
        placed: dict[int, None] = {}
        for level in self._levels:
            faded = self._counts.read(level.key(opened.facts), day=opened.day)
            if faded is not None:
                best_first = (-faded.counts[:, 0]).argsort(kind="stable")
                placed |= dict.fromkeys(faded.items[best_first].tolist())
        return list(placed)
