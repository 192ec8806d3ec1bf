"""The levels at which it is counted who resolved what, from the coarsest to the finest.

Each level is counted within its parent: where a fine level has seen little, its parent speaks for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

__all__ = ["CALLER_CHAIN", "COUNT_LEVELS", "KIND_CHAIN", "PACE_LEVELS", "Level"]


@dataclass(frozen=True, slots=True)
class Level:
    """One way to group requests: those that agree in ``facts``; ``parent`` is None for all of them together."""

    name: str
    parent: str | None
    facts: tuple[str, ...] = ()

    def key(self, facts: Mapping[str, str]) -> Hashable:
        """Return the group that a request belongs to at this level."""
        return (self.name, *(facts[fact] for fact in self.facts))


_GROUP, _KIND, _SYMPTOM, _PLACE, _CALLER = "first_group", "subcategory", "symptom", "location", "requester"

COUNT_LEVELS = (
    Level("all", None),
    Level("group", "all", (_GROUP,)),
    Level("category", "all", ("category",)),
    Level("kind", "category", (_KIND,)),
    Level("place", "all", (_PLACE,)),
    Level("symptom", "all", (_SYMPTOM,)),
    Level("caller", "all", (_CALLER,)),
    Level("group_kind", "group", (_GROUP, _KIND)),
    Level("group_place", "group", (_GROUP, _PLACE)),
    Level("kind_place", "kind", (_KIND, _PLACE)),
    Level("group_kind_place", "group_kind", (_GROUP, _KIND, _PLACE)),
    Level("group_symptom", "group", (_GROUP, _SYMPTOM)),
    Level("kind_symptom", "kind", (_KIND, _SYMPTOM)),
    Level("group_kind_symptom", "group_kind", (_GROUP, _KIND, _SYMPTOM)),
    Level("group_symptom_place", "group_symptom", (_GROUP, _SYMPTOM, _PLACE)),
    Level("group_kind_symptom_place", "group_kind_symptom", (_GROUP, _KIND, _SYMPTOM, _PLACE)),
    Level("caller_group", "caller", (_CALLER, _GROUP)),
    Level("caller_kind", "caller", (_CALLER, _KIND)),
    Level("caller_group_kind", "caller_group", (_CALLER, _GROUP, _KIND)),
    Level("hour", "all", ("hour",)),
    Level("group_hour", "group", (_GROUP, "hour")),
    Level("weekday", "all", ("weekday",)),
    Level("weekday_part", "hour", ("weekday", "part_of_day")),
)

# Counted apart for what was resolved at once and for what took longer: other people do one than the other.
PACE_LEVELS = (
    Level("all", None),
    Level("group", "all", (_GROUP,)),
    Level("group_kind", "group", (_GROUP, _KIND)),
    Level("group_kind_symptom", "group_kind", (_GROUP, _KIND, _SYMPTOM)),
    Level("group_hour", "all", (_GROUP, "hour")),
)

# Along which it is guessed in which class (last group, pace) a request will end.
KIND_CHAIN = (
    Level("all", None),
    Level("group", "all", (_GROUP,)),
    Level("group_kind", "group", (_GROUP, _KIND)),
    Level("group_kind_symptom", "group_kind", (_GROUP, _KIND, _SYMPTOM)),
    Level("group_kind_symptom_place", "group_kind_symptom", (_GROUP, _KIND, _SYMPTOM, _PLACE)),
)
CALLER_CHAIN = (
    Level("all", None),
    Level("group", "all", (_GROUP,)),
    Level("caller_group", "group", (_CALLER, _GROUP)),
)
