"""A log as it happened: requests are opened, and each outcome becomes known when its request is resolved."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.matching.evaluation.log_file import SECONDS_PER_DAY, LoggedRequest, Outcome

__all__ = ["Opened", "Resolved", "replay"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A request was opened: all that may be known then.  ``number`` counts requests from 0."""

    number: int
    day: float
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request was resolved: from now on, and not before, its outcome may be used."""

    opened: Opened
    day: float
    outcome: Outcome


def replay(requests: Sequence[LoggedRequest]) -> Iterator[Opened | Resolved]:
    """Tell the log in the order of time; what is resolved at the instant of an opening comes after it.

    ``requests`` are sorted by when they were opened.  What is resolved after the last opening is not told.
    """
    waiting: list[tuple[float, int, Resolved]] = []
    for number, request in enumerate(requests):
        while waiting and waiting[0][0] < request.opened_day:
            yield heapq.heappop(waiting)[2]
        opened = Opened(
            number, request.opened_day, {**request.facts, **_describe_instant(request.opened_day)}
        )
        yield opened
        if request.resolved_day is not None:
            resolved = Resolved(opened, request.resolved_day, request.outcome)
            heapq.heappush(waiting, (request.resolved_day, number, resolved))


def _describe_instant(day: float) -> dict[str, str]:
    """Return the hour, the weekday and the third of a shift, for habits that follow the clock."""
    instant = datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC)
    return {
        "hour": str(instant.hour),
        "weekday": str(instant.weekday()),
        "part_of_day": str(instant.hour // 4),
    }
