"""One decision of a season: who may have a lead now, as a policy sees them, and as they truly are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import measure
from backend.matching.simulation.ledger import Ledger
from backend.matching.simulation.market import Market, at_hour
from backend.matching.simulation.people import People, Situation
from backend.matching.values import Candidate, Request

__all__ = ["Decision"]

Vector = NDArray[np.float64]

KM_A_DEGREE = 111.2


class Decision:
    """Providers are named by their position in ``situation.providers``; ``places`` are to be offered."""

    def __init__(
        self,
        market: Market,
        ledger: Ledger,
        situation: Situation,
        *,
        distance_km: Vector,
        wave: int,
        places: int,
    ) -> None:
        self._market = market
        self._ledger = ledger
        self.situation = situation
        self.distance_km = distance_km
        self.wave = wave
        self.places = places

    def __len__(self) -> int:
        return len(self.situation.providers)

    @property
    def seed(self) -> int:
        """Return the market's seed, from which chance is drawn."""
        return self._market.seed

    @cached_property
    def request(self) -> Request:
        """Return the lead as matching knows it."""
        leads, lead = self._market.leads, self.situation.lead
        return Request(
            category_id=int(leads.category[lead]),
            latitude=48 + float(leads.y[lead]) / KM_A_DEGREE,
            longitude=9 + float(leads.x[lead]) / KM_A_DEGREE / math.cos(math.radians(48)),
            budget=self._market.budget_of(lead),
            language="",
            urgency="urgent" if leads.is_urgent[lead] else "normal",
            at=at_hour(self.situation.at_h),
            deadline=None,
            key=f"{self._market.seed}-{lead}",
            wave=self.wave,
        )

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Return the providers as the search would, with the features that ranking sees."""
        who, at_h = self.situation.providers, self.situation.at_h
        facts = self._ledger.facts(
            who,
            category=self.request.category_id,
            distance_km=self.distance_km,
            opening_h=at_h + People(self._market).opens_in_h(who, at_h),
            at_h=at_h,
        )
        columns = (
            who,
            facts.distance_km,
            facts.open_offers,
            facts.open_offers_max,
            facts.offers_total,
            self.last_offered_h,
            facts.opening_at,
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return tuple(map(_candidate, rows, measure(facts, request=self.request)))

    @cached_property
    def acceptance(self) -> Vector:
        """Return the true probability that each accepts."""
        return People(self._market).acceptance(self.situation)

    @cached_property
    def win_alone(self) -> Vector:
        """Return the true probability that each is taken, had no other accepted."""
        return People(self._market).win_alone(self.situation)

    @property
    def last_offered_h(self) -> Vector:
        """Return when each had its last offer; −∞: never."""
        return self._ledger.last_offered_h[self.situation.providers]


def _candidate(row: tuple[Any, ...], features: Mapping[str, float]) -> Candidate:
    provider, distance_km, open_offers, open_offers_max, offers_total, last_offered_h, opening_at = row
    return Candidate(
        provider_id=provider,
        user_id=provider,
        company_name="",
        distance_km=distance_km,
        open_offers=int(open_offers),
        open_offers_max=int(open_offers_max),
        last_offered_at=None if math.isinf(last_offered_h) else at_hour(last_offered_h),
        features=features,
        opening_at=datetime.fromtimestamp(opening_at, UTC),
        offers_total=int(offers_total),
    )
