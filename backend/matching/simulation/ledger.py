"""What the marketplace knows of its providers while a season runs: what its tables would hold."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import NOTHING, Facts
from backend.matching.simulation.market import Market, at_hour
from backend.matching.track_record import Record

__all__ = ["Ledger"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]


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
        self._records: dict[tuple[int, int], tuple[Record, float]] = {}
        self._categories: dict[int, tuple[Record, float]] = {}

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
        self._records[provider, category] = (_add(self._records.get((provider, category)), event, at_h), at_h)
        self._categories[category] = (_add(self._categories.get(category), event, at_h), at_h)

    def note_review(self, provider: int, *, stars: float) -> None:
        """Take a review into a provider's rating, the mean of all."""
        before = self._reviews[provider]
        mean = 0.0 if before == 0 else self._rating[provider]
        self._rating[provider] = (mean * before + stars) / (before + 1)
        self._reviews[provider] = before + 1

    def facts(self, provider: int, *, lead: int, distance_km: float, at_h: float, opens_in_h: float) -> Facts:
        """Return what the search would have found of a provider."""
        providers, category = self._market.providers, int(self._market.leads.category[lead])
        record, record_h = self._records.get((provider, category), (NOTHING, None))
        total, total_h = self._categories.get(category, (NOTHING, at_h))
        rating, offered_h = self._rating[provider], self.last_offered_h[provider]
        return Facts(
            distance_km=distance_km,
            radius_km=float(providers.radius_km[provider]),
            open_offers=int(self.open_offers[provider]),
            open_offers_max=int(providers.open_offers_max[provider]),
            offers_total=int(self.offers_total[provider]),
            typical_price=self._market.price_of(provider, category),
            rating=None if np.isnan(rating) else float(rating),
            created_at=at_hour(float(providers.joined_h[provider])),
            last_offered_at=at_hour(float(offered_h)) if np.isfinite(offered_h) else None,
            opening_at=at_hour(at_h + opens_in_h),
            record=record,
            record_at=None if record_h is None else at_hour(record_h),
            category_record=total.faded(by=timedelta(hours=at_h - total_h)),
        )


def _add(kept: tuple[Record, float] | None, event: Record, at_h: float) -> Record:
    if kept is None:
        return event
    record, record_h = kept
    return record.faded(by=timedelta(hours=at_h - record_h)).plus(event)
