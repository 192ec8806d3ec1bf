"""What is still to happen in the demo market, in the order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

from workflows import clock

__all__ = ["Agenda"]


class Agenda:
    """A queue of actions by instant; one that comes later is put in by what happens before it."""

    def __init__(self) -> None:
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def add(self, at: datetime, action: Callable[[], object]) -> None:
        """Put an action in; of two at the same instant the first put in comes first."""
        heapq.heappush(self._queue, (at, next(self._numbers), action))

    def run(self, *, until: datetime) -> Iterator[datetime]:
        """Do everything up to an instant, with the clock held; yield the instant of each after it.

        What is left lies in the future and never happens.
        """
        while self._queue and self._queue[0][0] <= until:
            at, _number, action = heapq.heappop(self._queue)
            with clock.at(at):
                action()
            yield at
