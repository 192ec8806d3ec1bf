"""Capacity, counted under lock: nobody gets more offers than it takes, whatever runs at the same time.

Lock order: by provider id, a provider's profile before its load.  A transaction waits for the locks of its
first call alone: to give back and to reserve in one transaction, `release` first, then
`reserve(…, wait=False)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.sql import SQL

from backend.matching.errors import NothingToRelease
from backend.matching.rules import (
    BUSY,
    LOCAL_DATE,
    LOCAL_MONTH,
    NOT_ACTIVE,
    RULES,
    first_failed_sql,
    room_sql,
)

__all__ = ["Reservation", "Wish", "find_obstacle", "release", "reserve", "reserve_many"]

_RECHECKED = [rule for rule in RULES if rule.is_rechecked]

# The profile is locked as well: its status, holiday and limits hold until the offer is committed.  What was
# computed before a wait is computed again from the rows as they are when the lock is had.
_LOCK = SQL(
    """
    SELECT p.id, {rooms}
    FROM users_providerprofile AS p JOIN matching_providerload AS l ON l.provider_id = p.id
    WHERE p.id = ANY (%(provider_ids)s)
    ORDER BY p.id
    FOR NO KEY UPDATE OF p, l {wait}
    """
)
_LOCK_WAITING, _LOCK_SKIPPING = (
    _LOCK.format(rooms=room_sql(_RECHECKED), wait=SQL(wait)).as_string() for wait in ("", "SKIP LOCKED")
)

_OBSTACLE = (
    SQL(
        """
    SELECT {rule}
    FROM users_providerprofile AS p JOIN matching_providerload AS l ON l.provider_id = p.id
    WHERE p.id = %(provider_id)s
    """
    )
    .format(rule=first_failed_sql(_RECHECKED))
    .as_string()
)

_COUNT_OFFERS = (
    SQL(
        """
    UPDATE matching_providerload AS l
    SET open_offers = l.open_offers + made.offers,
        offers_total = l.offers_total + made.offers,
        offers_on_day = made.offers + CASE WHEN l.day_date >= {day} THEN l.offers_on_day ELSE 0 END,
        day_date = greatest(l.day_date, {day}),
        offers_in_month = made.offers + CASE WHEN l.month_date >= {month} THEN l.offers_in_month ELSE 0 END,
        month_date = greatest(l.month_date, {month}),
        last_offered_at = greatest(l.last_offered_at, %(at)s)
    FROM users_providerprofile AS p, unnest(%(provider_ids)s::bigint[], %(offers)s::int[]) AS made (provider_id, offers)
    WHERE p.id = l.provider_id AND l.provider_id = made.provider_id
    """
    )
    .format(day=SQL(LOCAL_DATE), month=SQL(LOCAL_MONTH))
    .as_string()
)

_LOCK_LOADS = """
SELECT l.provider_id, l.open_offers, p.open_offers_max
FROM matching_providerload AS l JOIN users_providerprofile AS p ON p.id = l.provider_id
WHERE l.provider_id = ANY (%(provider_ids)s) ORDER BY l.provider_id FOR NO KEY UPDATE OF l
"""

_COUNT_RELEASED = """
UPDATE matching_providerload AS l SET open_offers = l.open_offers - released.offers
FROM unnest(%(provider_ids)s::bigint[], %(offers)s::int[]) AS released (provider_id, offers)
WHERE l.provider_id = released.provider_id
"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was reserved, and who fell out.

    ``reserved`` are provider ids in the order of preference; ``refused`` maps those that fell out to the code
    of the rule (`not_active` for one that is gone, `busy` for one that was not waited for).  Whoever was
    preferred but not needed is in neither.
    """

    reserved: tuple[int, ...]
    refused: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """So many offers are wanted from the first of these providers that have room."""

    preferred: Sequence[int]
    count: int


def reserve(
    preferred: Sequence[int],
    *,
    count: int,
    at: datetime,
    wait: bool = True,
    lifted: frozenset[str] = frozenset(),
) -> Reservation:
    """Count one more offer for the first ``count`` of the preferred providers that still have room.

    ``lifted`` are the codes of rules that are not asked: somebody answers for it.  Else as ``reserve_many``, of one.

    Raises: AssertionError outside a transaction, whose end is what makes the offers count.
    """
    return reserve_many([Wish(preferred, count)], at=at, wait=wait, lifted=lifted)[0]


def reserve_many(
    wishes: Sequence[Wish], *, at: datetime, wait: bool = True, lifted: frozenset[str] = frozenset()
) -> list[Reservation]:
    """Serve wishes one after the other from the providers that still have room, and count their offers.

    Twice as many providers as each wish needs are locked at first, in the order of their ids, and judged as they are
    under the lock; an offer takes its room from the wishes that follow.  If too many fall out, the next ones are
    tried without waiting: waiting for a lower id would leave the order, and could end in a deadlock.
    ``wait=False`` never waits: for a transaction that already holds locks of other providers.

    Raises: AssertionError outside a transaction, whose end is what makes the offers count.
    """
    assert connection.in_atomic_block, "Capacity is reserved inside the transaction that makes the offers."
    queues = [(list(dict.fromkeys(wish.preferred)), wish.count) for wish in wishes]
    counters = _Counters(at, lifted)
    counters.lock({one for queue, count in queues for one in queue[: 2 * count]}, wait=wait)
    reservations = [_serve(queue, count=count, counters=counters) for queue, count in queues]
    counters.write()
    return reservations


@dataclass(slots=True)
class _Counters:
    """The providers that are locked: how much room each of the rules leaves them, and the offers that took some."""

    at: datetime
    lifted: frozenset[str]
    rooms: dict[int, list[int | None]] = field(default_factory=dict)
    absent: dict[int, str] = field(default_factory=dict)
    taken: Counter[int] = field(default_factory=Counter)

    def lock(self, provider_ids: Collection[int], *, wait: bool) -> None:
        """Lock providers in the order of their ids, passing over those that somebody else holds unless it waits."""
        if not provider_ids:
            return
        with connection.cursor() as cursor:
            sql = _LOCK_WAITING if wait else _LOCK_SKIPPING
            cursor.execute(sql, {"provider_ids": sorted(provider_ids), "at": self.at})
            self.rooms.update(cursor.fetchall())
        absent = NOT_ACTIVE.code if wait else BUSY.code
        self.absent.update((one, absent) for one in provider_ids if one not in self.rooms)

    def lock_more(self, provider_ids: Iterable[int]) -> None:
        """Lock those that are not known yet, without waiting."""
        known = self.rooms.keys() | self.absent.keys()
        self.lock([one for one in provider_ids if one not in known], wait=False)

    def find_obstacle(self, provider_id: int) -> str | None:
        """Return the code of the first rule that leaves a provider no room, or None."""
        if provider_id in self.absent:
            return self.absent[provider_id]
        for rule, room in zip(_RECHECKED, self.rooms[provider_id], strict=True):
            if room is not None and room <= 0 and rule.code not in self.lifted:
                return rule.code
        return None

    def take(self, provider_id: int) -> None:
        """Let an offer take its room."""
        self.rooms[provider_id] = [room if room is None else room - 1 for room in self.rooms[provider_id]]
        self.taken[provider_id] += 1

    def write(self) -> None:
        """Count the offers in the database."""
        if self.taken:
            ids, offers = list(self.taken), list(self.taken.values())
            _execute(_COUNT_OFFERS, provider_ids=ids, offers=offers, at=self.at)


def _serve(waiting: Sequence[int], *, count: int, counters: _Counters) -> Reservation:
    """Give the first that have room an offer; those that are needed beyond the first ones are not waited for."""
    reserved: list[int] = []
    refused: dict[int, str] = {}
    while waiting and len(reserved) < count:
        missing = count - len(reserved)
        asked, waiting = waiting[: 2 * missing], waiting[2 * missing :]
        counters.lock_more(asked)
        obstacles = {one: counters.find_obstacle(one) for one in asked}
        refused |= {one: code for one, code in obstacles.items() if code is not None}
        fitting = [one for one, code in obstacles.items() if code is None][:missing]
        for one in fitting:
            counters.take(one)
        reserved += fitting
    return Reservation(tuple(reserved), refused)


def find_obstacle(provider_id: int, *, at: datetime) -> str | None:
    """Return the code of the first rule by which a provider has no room for one more at that instant, or None.

    Asked without a lock, for pages and guards: `reserve` asks again under it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OBSTACLE, {"provider_id": provider_id, "at": at})
        row: tuple[str | None] | None = cursor.fetchone()
    return NOT_ACTIVE.code if row is None else row[0]


def release(provider_ids: Sequence[int]) -> frozenset[int]:
    """Count one open offer less for every id given; an id given twice gives two back.

    Returns those that had all their open offers in use and now have room again.

    Raises: NothingToRelease when a provider has fewer open offers than that, and then nothing is changed;
    AssertionError outside a transaction.
    """
    assert connection.in_atomic_block, "Capacity is released inside the transaction that ends the offers."
    offers = Counter(provider_ids)
    if not offers:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LOADS, {"provider_ids": list(offers)})
        loads = {provider_id: (used, limit) for provider_id, used, limit in cursor.fetchall()}
    for provider_id, asked in sorted(offers.items()):
        used, _limit = loads.get(provider_id, (0, 0))
        if used < asked:
            raise NothingToRelease(provider_id, asked=asked, open_offers=used)
    _execute(_COUNT_RELEASED, provider_ids=list(offers), offers=list(offers.values()))
    return frozenset(
        provider_id
        for provider_id, (used, limit) in loads.items()
        if used - offers[provider_id] < limit <= used
    )


def _execute(sql: str, **parameters: Any) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
