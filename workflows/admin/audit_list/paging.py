"""Pages of events that stay quick however many there are: each goes on where the last one ended.

Note [Order of the audit list]: events are listed in the order in which they were recorded, latest first, because
the indexes of every filter end in the number of the log row.  A range of dates is read from the one index on time,
and so in the order of time.  In use both are the same; they differ where the past was brought in later.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from workflows.models import TransitionRecord

__all__ = ["COUNTED_MAX", "EventPage", "count_capped", "in_order", "read_page"]

M = TypeVar("M", bound=Model)

COUNTED_MAX = 10_000
"""How far events are counted; from there on there are "more than 10,000"."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, latest first.  ``older`` and ``newer`` are the log rows beyond which there are more, or None."""

    records: tuple[TransitionRecord, ...]
    older: int | None
    newer: int | None


def in_order(records: QuerySet[TransitionRecord], *, is_by_time: bool) -> QuerySet[TransitionRecord]:
    """Return the events with what they are told from, latest first (Note [Order of the audit list])."""
    return records.select_related("log__by").order_by(*_order(is_by_time=is_by_time))


def read_page(
    records: QuerySet[TransitionRecord],
    *,
    is_by_time: bool,
    before: int | None = None,
    after: int | None = None,
    size: int,
) -> EventPage:
    """Return the latest events, those ``before`` a log row, or those right ``after`` it.

    One statement; by time another one, for when the log row was.
    """
    if after is not None:
        later = records.filter(_beyond(after, is_by_time=is_by_time, is_later=True))
        found = _first(later, size + 1, order=_order(is_by_time=is_by_time, is_later=True))
        page = tuple(reversed(found[:size]))
        return _page(page, has_older=bool(page), has_newer=len(found) > size)
    if before is not None:
        records = records.filter(_beyond(before, is_by_time=is_by_time, is_later=False))
    found = _first(records, size + 1, order=_order(is_by_time=is_by_time))
    return _page(tuple(found[:size]), has_older=len(found) > size, has_newer=before is not None)


def count_capped(records: QuerySet[M], *, most: int) -> int:
    """Return how many there are; ``most`` + 1 for any number above it: the database stops there."""
    return records.order_by().values("pk")[: most + 1].count()


def _order(*, is_by_time: bool, is_later: bool = False) -> list[str]:
    """Return by what events are sorted, the latest first unless those right after one are wanted."""
    names = ["log__timestamp", "log_id"] if is_by_time else ["log_id"]
    return names if is_later else [f"-{name}" for name in names]


def _first(records: QuerySet[TransitionRecord], size: int, *, order: list[str]) -> list[TransitionRecord]:
    """Return the first events.  What they are told from is read of these alone, not of all that may be sorted."""
    keys = records.order_by(*order).values("pk")[:size]
    told = TransitionRecord.objects.filter(pk__in=keys).select_related("log__by")
    return list(told.order_by(*order))


def _page(records: tuple[TransitionRecord, ...], *, has_older: bool, has_newer: bool) -> EventPage:
    return EventPage(
        records=records,
        older=records[-1].pk if records and has_older else None,
        newer=records[0].pk if records and has_newer else None,
    )


def _beyond(log_id: int, *, is_by_time: bool, is_later: bool) -> Q:
    side = "gt" if is_later else "lt"
    if not is_by_time:
        return Q(**{f"log_id__{side}": log_id})
    at = _time_of(log_id)
    if at is None:
        return Q(pk__in=[])
    # The first condition follows from the second; it is the one that the index understands.
    same_or_beyond = Q(**{f"log__timestamp__{side}e": at})
    return same_or_beyond & (
        Q(**{f"log__timestamp__{side}": at}) | Q(**{"log__timestamp": at, f"log_id__{side}": log_id})
    )


def _time_of(log_id: int) -> datetime.datetime | None:
    return TransitionRecord.objects.filter(pk=log_id).values_list("log__timestamp", flat=True).first()
