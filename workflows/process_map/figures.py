"""A process map as frozen values: what its drawing, its tables and its links are made of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.audit import CREATION
from workflows.machine import Machine, State

__all__ = ["EdgeFigures", "Pace", "ProcessMap", "StateFigures"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often something happened and how long it took: times that half, and nine of ten, did not exceed.

    Both are times that really occurred (nearest rank).  They are None when it never happened, and for a creation.
    """

    count: int = 0
    median: datetime.timedelta | None = None
    p90: datetime.timedelta | None = None


@dataclass(frozen=True, slots=True)
class StateFigures:
    """One state: how many are in it now, and how long those took that left it in the period.

    ``waiting_median`` and ``waiting_max`` tell how long those have been in it that still are.  They are kept
    apart from ``ended``: nobody knows yet how long they will have taken.  None when there are none, or when the
    state is closed: nothing is waited for there.
    """

    state: State
    now: int
    waiting_median: datetime.timedelta | None
    waiting_max: datetime.timedelta | None
    ended: Pace


@dataclass(frozen=True, slots=True)
class EdgeFigures:
    """One way: a transition from one state to another; ``source`` is None for a creation.

    ``pace`` tells how often it was gone in the period, and how long its objects had been in the source.
    ``is_of_the_machine`` is False for what the log has, and the machine has no more.
    """

    transition: str
    source: str | None
    target: str
    pace: Pace
    is_of_the_machine: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells it from the other edges of its machine; "" as the source of a creation."""
        return (self.transition, self.source or "", self.target)


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """What the objects of a machine did in a period; states as declared, edges as declared, creation first."""

    machine: Machine
    states: tuple[StateFigures, ...]
    edges: tuple[EdgeFigures, ...]

    @property
    def now(self) -> int:
        """Return how many objects there are now."""
        return sum(figures.now for figures in self.states)

    @property
    def events(self) -> int:
        """Return how many events there were in the period."""
        return sum(edge.pace.count for edge in self.edges)

    @property
    def by_edge(self) -> Mapping[tuple[str, str, str], EdgeFigures]:
        """Return the edges by transition, source and target."""
        return {edge.key: edge for edge in self.edges}

    @property
    def created(self) -> int:
        """Return how many objects were created in the period."""
        return sum(edge.pace.count for edge in self.edges if edge.transition == CREATION)

    def share(self, edge: EdgeFigures) -> float | None:
        """Return which part of those that left its source went along an edge; None where the state stays."""
        if edge.source is None or edge.source == edge.target:
            return None
        left = next((s.ended.count for s in self.states if s.state.value == edge.source), 0)
        return edge.pace.count / left if left else None
