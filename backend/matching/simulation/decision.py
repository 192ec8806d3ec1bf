"""One decision of a season: who may have a lead now, as a policy sees them, and as they truly are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.matching.features import measure
from backend.matching.simulation.ledger import Known, Ledger, columns_of
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
        who, at = self.situation.providers, self.request.at
        waits_h = People(self._market).opens_in_h(who, self.situation.at_h).tolist()
        category_record = self._ledger.category_record(self.request.category_id, at=at)
        rows = zip(who.tolist(), self.distance_km.tolist(), waits_h, strict=True)
        known = [
            self._ledger.facts(
                provider,
                category=self.request.category_id,
                distance_km=distance_km,
                opening_at=at + timedelta(hours=wait_h) if wait_h else at,
                category_record=category_record,
            )
            for provider, distance_km, wait_h in rows
        ]
        measured = measure(columns_of(known, at=at), request=self.request)
        return tuple(map(_candidate, who.tolist(), known, measured))

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


def _candidate(provider: int, known: Known, features: Mapping[str, float]) -> Candidate:
    return Candidate(
        provider_id=provider,
        user_id=provider,
        company_name="",
        distance_km=known.distance_km,
        open_offers=known.open_offers,
        open_offers_max=known.open_offers_max,
        last_offered_at=known.last_offered_at,
        features=features,
        opening_at=known.opening_at,
        offers_total=known.offers_total,
    )
