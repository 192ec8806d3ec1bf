"""What the marketplace knows of its providers while a season runs: what its tables would hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import Facts
from backend.matching.simulation.market import Market, at_hour
from backend.matching.track_record import SUMS, Record, Sums

__all__ = ["Known", "Ledger", "columns_of"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]


NOTHING = Record()


@dataclass(frozen=True, slots=True)
class Known:
    """What the search would have found of one provider; None where nothing is known.

    ``record`` is the provider's in the category, as of ``record_at``; ``category_record`` that of all of them.
    """

    distance_km: float
    radius_km: float
    open_offers: int
    open_offers_max: int
    offers_total: int
    typical_price: Decimal | None
    rating: float | None
    created_at: datetime
    last_offered_at: datetime | None
    opening_at: datetime | None
    record: Record = NOTHING
    record_at: datetime | None = None
    category_record: Record = NOTHING


class Ledger:
    """Loads, counts, reviews and track records.

    Track records are the real ones, faded and added to as the database does; a category's is that of all its
    providers at the instant (the database sums them up every hour).
    """

    def __init__(self, market: Market) -> None:
        count = len(market.providers)
        self._market = market
        self.open_offers = np.zeros(count, dtype=np.int64)
        self.offers_total = np.zeros(count, dtype=np.int64)
        self.last_offered_h = np.full(count, -np.inf)
        self._day = np.full(count, -1)
        self._offers_on_day = np.zeros(count, dtype=np.int64)
        self._rating = market.providers.rating.copy()
        self._reviews = market.providers.reviews.copy()
        self._created_at = [at_hour(hour) for hour in market.providers.joined_h.tolist()]
        self._last_offered_at: dict[int, datetime] = {}
        self._records: dict[tuple[int, int], tuple[Record, datetime]] = {}
        self._categories: dict[int, tuple[Record, datetime]] = {}

    def has_room(self, who: Numbers, at_h: float) -> NDArray[np.bool_]:
        """Say of each provider whether it may have one more offer now."""
        providers = self._market.providers
        today = np.where(self._day[who] == int(at_h // 24), self._offers_on_day[who], 0)
        is_open = self.open_offers[who] < providers.open_offers_max[who]
        return np.asarray(
            is_open & (today < providers.offers_a_day_max[who]) & (providers.joined_h[who] <= at_h)
        )

    def note_offers(self, who: Numbers, at_h: float) -> None:
        """Count one more offer for each provider."""
        day = int(at_h // 24)
        self._offers_on_day[who] = np.where(self._day[who] == day, self._offers_on_day[who], 0) + 1
        self._day[who] = day
        self.open_offers[who] += 1
        self.offers_total[who] += 1
        self.last_offered_h[who] = at_h
        self._last_offered_at |= dict.fromkeys(who.tolist(), at_hour(at_h))

    def release(self, provider: int) -> None:
        """Count one open offer less."""
        self.open_offers[provider] -= 1

    def note(self, event: Record, *, provider: int, category: int, at_h: float) -> None:
        """Add an event to the record of a provider, and to that of its category."""
        at = at_hour(at_h)
        self._records[provider, category] = (_add(self._records.get((provider, category)), event, at), at)
        self._categories[category] = (_add(self._categories.get(category), event, at), at)

    def category_record(self, category: int, *, at: datetime) -> Record:
        """Return what is left at an instant of the record of a category."""
        total, total_at = self._categories.get(category, (NOTHING, at))
        return total.faded(by=at - total_at)

    def note_review(self, provider: int, *, stars: float) -> None:
        """Take a review into a provider's rating, the mean of all."""
        before = self._reviews[provider]
        mean = 0.0 if before == 0 else self._rating[provider]
        self._rating[provider] = (mean * before + stars) / (before + 1)
        self._reviews[provider] = before + 1

    def facts(
        self,
        provider: int,
        *,
        category: int,
        distance_km: float,
        opening_at: datetime,
        category_record: Record,
    ) -> Known:
        """Return what the search would have found of a provider."""
        providers = self._market.providers
        record, record_at = self._records.get((provider, category), (NOTHING, None))
        rating = float(self._rating[provider])
        return Known(
            distance_km=distance_km,
            radius_km=float(providers.radius_km[provider]),
            open_offers=int(self.open_offers[provider]),
            open_offers_max=int(providers.open_offers_max[provider]),
            offers_total=int(self.offers_total[provider]),
            typical_price=self._market.price_of(provider, category),
            rating=None if math.isnan(rating) else rating,
            created_at=self._created_at[provider],
            last_offered_at=self._last_offered_at.get(provider),
            opening_at=opening_at,
            record=record,
            record_at=record_at,
            category_record=category_record,
        )


def _add(kept: tuple[Record, datetime] | None, event: Record, at: datetime) -> Record:
    if kept is None:
        return event
    record, record_at = kept
    return record.faded(by=at - record_at).plus(event)


def columns_of(known: Sequence[Known], *, at: datetime) -> Facts:
    """Return what is known of providers at an instant as ranking measures it: in columns."""
    own = [one.record if one.record_at is None else one.record.faded(by=at - one.record_at) for one in known]
    columns = {
        name: _column([getattr(one, name) for one in known])
        for name in Facts.__slots__
        if name not in ("own", "average")
    }
    return Facts(**columns, own=_sums_of(own), average=_sums_of([one.category_record for one in known]))


def _column(values: Sequence[float | Decimal | datetime | None]) -> Vector:
    return np.array(
        [one.timestamp() if isinstance(one, datetime) else one for one in values], dtype=np.float64
    )


def _sums_of(records: Sequence[Record]) -> Sums:
    return Sums(*(_column([getattr(one, name) for one in records]) for name in SUMS))
