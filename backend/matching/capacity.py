"""Capacity, counted under lock: nobody gets more offers than it takes, whatever runs at the same time.

Lock order: by provider id, a provider's profile before its load.  A transaction waits for the locks of its
first call alone: to give back and to reserve in one transaction, `release` first, then
`reserve(…, wait=False)`.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.sql import SQL

from backend.matching.errors import NothingToRelease
from backend.matching.rules import BUSY, LOCAL_DATE, LOCAL_MONTH, NOT_ACTIVE, RULES, first_failed_sql

__all__ = ["Reservation", "find_obstacle", "release", "reserve"]

# The profile is locked as well: its status, holiday and limits hold until the offer is committed.  What was
# computed before a wait is computed again from the rows as they are when the lock is had.
_LOCK = SQL(
    """
    SELECT p.id, {rule}
    FROM users_providerprofile AS p JOIN matching_providerload AS l ON l.provider_id = p.id
    WHERE p.id = ANY (%(provider_ids)s)
    ORDER BY p.id
    FOR NO KEY UPDATE OF p, l {wait}
    """
)

_OBSTACLE = (
    SQL(
        """
    SELECT {rule}
    FROM users_providerprofile AS p JOIN matching_providerload AS l ON l.provider_id = p.id
    WHERE p.id = %(provider_id)s
    """
    )
    .format(rule=first_failed_sql([rule for rule in RULES if rule.is_rechecked]))
    .as_string()
)

_COUNT_OFFERS = (
    SQL(
        """
    UPDATE matching_providerload AS l
    SET open_offers = l.open_offers + 1,
        offers_total = l.offers_total + 1,
        offers_on_day = 1 + CASE WHEN l.day_date >= {day} THEN l.offers_on_day ELSE 0 END,
        day_date = greatest(l.day_date, {day}),
        offers_in_month = 1 + CASE WHEN l.month_date >= {month} THEN l.offers_in_month ELSE 0 END,
        month_date = greatest(l.month_date, {month}),
        last_offered_at = greatest(l.last_offered_at, %(at)s)
    FROM users_providerprofile AS p
    WHERE p.id = l.provider_id AND l.provider_id = ANY (%(provider_ids)s)
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


def reserve(
    preferred: Sequence[int],
    *,
    count: int,
    at: datetime,
    wait: bool = True,
    lifted: frozenset[str] = frozenset(),
) -> Reservation:
    """Count one more offer for the first ``count`` of the preferred providers that still have room.

    Twice as many as needed are locked at first, in the order of their ids, and judged as they are under the
    lock.  If too many of them fall out, the next ones are tried without waiting: waiting for a lower id would
    leave the order, and could end in a deadlock.  ``wait=False`` never waits: for a transaction that already
    holds locks of other providers.  ``lifted`` are the codes of rules that are not asked: somebody answers for it.

    Raises: AssertionError outside a transaction, whose end is what makes the offers count.
    """
    assert connection.in_atomic_block, "Capacity is reserved inside the transaction that makes the offers."
    waiting = list(dict.fromkeys(preferred))
    reserved: list[int] = []
    refused: dict[int, str] = {}
    must_wait = wait
    while waiting and len(reserved) < count:
        missing = count - len(reserved)
        asked, waiting = waiting[: 2 * missing], waiting[2 * missing :]
        failed = _judge_under_lock(asked, at=at, wait=must_wait, lifted=lifted)
        refused |= failed
        reserved += [provider_id for provider_id in asked if provider_id not in failed][:missing]
        must_wait = False
    if reserved:
        _execute(_COUNT_OFFERS, provider_ids=reserved, at=at)
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


@functools.cache
def _lock_sql(*, wait: bool, lifted: frozenset[str]) -> str:
    asked = [rule for rule in RULES if rule.is_rechecked and rule.code not in lifted]
    return _LOCK.format(rule=first_failed_sql(asked), wait=SQL("" if wait else "SKIP LOCKED")).as_string()


def _judge_under_lock(
    provider_ids: Sequence[int], *, at: datetime, wait: bool, lifted: frozenset[str]
) -> dict[int, str]:
    """Lock the providers and return the rule that each one fails; one that has room is left out."""
    with connection.cursor() as cursor:
        sql = _lock_sql(wait=wait, lifted=lifted)
        cursor.execute(sql, {"provider_ids": list(provider_ids), "at": at})
        judged: dict[int, str | None] = dict(cursor.fetchall())
    absent = NOT_ACTIVE.code if wait else BUSY.code
    codes = {provider_id: judged.get(provider_id, absent) for provider_id in provider_ids}
    return {provider_id: code for provider_id, code in codes.items() if code is not None}


def _execute(sql: str, **parameters: Any) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
