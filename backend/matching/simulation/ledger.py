"""What the marketplace knows of its providers while a season runs: what its tables would hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import Facts
from backend.matching.simulation.market import EPOCH, Market
from backend.matching.track_record import SUMS, Record, Sums, left_after_days

__all__ = ["Ledger"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]

HOUR_S = 3_600


class Ledger:
    """Loads, counts, reviews and track records.

    Track records are the real ones, faded and added to as the database does; a category's is that of all its
    providers at the instant (the database sums them up every hour).
    """

    def __init__(self, market: Market) -> None:
        count, categories = len(market.providers), market.size.categories
        self._market = market
        self.open_offers = np.zeros(count, dtype=np.int64)
        self.offers_total = np.zeros(count, dtype=np.int64)
        self.last_offered_h = np.full(count, -np.inf)
        self._day = np.full(count, -1)
        self._offers_on_day = np.zeros(count, dtype=np.int64)
        self._rating = market.providers.rating.copy()
        self._reviews = market.providers.reviews.copy()
        self._records = _Records((count, categories))
        self._category_records = _Records((categories,))

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

    def release(self, provider: int) -> None:
        """Count one open offer less."""
        self.open_offers[provider] -= 1

    def note(self, event: Record, *, provider: int, category: int, at_h: float) -> None:
        """Add an event to the record of a provider, and to that of its category."""
        self._records.add(event, (provider, category), at_h=at_h)
        self._category_records.add(event, (category,), at_h=at_h)

    def note_review(self, provider: int, *, stars: float) -> None:
        """Take a review into a provider's rating, the mean of all."""
        before = self._reviews[provider]
        mean = 0.0 if before == 0 else self._rating[provider]
        self._rating[provider] = (mean * before + stars) / (before + 1)
        self._reviews[provider] = before + 1

    def facts(
        self, who: Numbers, *, category: int, distance_km: Vector, opening_h: Vector, at_h: float
    ) -> Facts:
        """Return what the search would have found of providers for a request of a category at an instant."""
        providers = self._market.providers
        last_offered_h = np.where(np.isinf(self.last_offered_h[who]), np.nan, self.last_offered_h[who])
        return Facts(
            distance_km=distance_km,
            radius_km=providers.radius_km[who],
            open_offers=self.open_offers[who].astype(np.float64),
            open_offers_max=providers.open_offers_max[who].astype(np.float64),
            offers_total=self.offers_total[who].astype(np.float64),
            typical_price=self._market.prices_of(who, category),
            rating=self._rating[who],
            created_at=_seconds_of(providers.joined_h[who]),
            last_offered_at=_seconds_of(last_offered_h),
            opening_at=_seconds_of(opening_h),
            own=self._records.read((who, category), at_h=at_h),
            average=self._category_records.read((np.full(len(who), category),), at_h=at_h),
        )


class _Records:
    """Sums that fade, one row for each key: those of the instant of its last event."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sums = np.zeros((*shape, len(SUMS)))
        self._as_of_h = np.zeros(shape)

    def add(self, event: Record, key: tuple[int, ...], *, at_h: float) -> None:
        self._sums[key] = self._faded(key, at_h) + [getattr(event, name) for name in SUMS]
        self._as_of_h[key] = at_h

    def read(self, keys: tuple[Numbers | int, ...], *, at_h: float) -> Sums:
        return Sums(*self._faded(keys, at_h).T)

    def _faded(self, keys: tuple[Numbers | int, ...], at_h: float) -> Vector:
        return np.asarray(left_after_days((at_h - self._as_of_h[keys]) / 24)[..., None] * self._sums[keys])


def _seconds_of(hours: Vector) -> Vector:
    return EPOCH.timestamp() + HOUR_S * hours
