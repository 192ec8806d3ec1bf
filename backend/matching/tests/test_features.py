"""Each feature at its ends, in the middle, and without its source."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backend.matching.features import FEATURES, Facts, measure
from backend.matching.tests.factories import NOW
from backend.matching.track_record import SUMS, Sums
from backend.matching.values import Request

REQUEST = Request(1, 52.52, 13.405, Decimal(100), "en", "normal", NOW, None, "L-1")

FACTS: dict[str, Any] = {
    "distance_km": 5,
    "radius_km": 20,
    "open_offers": 1,
    "open_offers_max": 4,
    "offers_total": 50,
    "typical_price": Decimal(125),
    "rating": 4.0,
    "created_at": NOW - timedelta(days=180),
    "last_offered_at": NOW - timedelta(days=7),
    "opening_at": NOW + timedelta(hours=6),
}
NOTHING = Sums(*(np.zeros(1) for _name in SUMS))


def facts_of(**facts: Any) -> Facts:
    """Return the facts of one provider, as the search reads them."""
    values = {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in (FACTS | facts).items()
    }
    columns = {name: np.array([value], dtype=np.float64) for name, value in values.items()}
    return Facts(**columns, own=NOTHING, average=NOTHING)


AFTER_ONE_SCALE = 1 - math.exp(-1)


def value_of(name: str, *, request: Request = REQUEST, **facts: Any) -> float:
    """Return one feature of a provider with other facts."""
    return measure(facts_of(**facts), request=request)[0][name]


class TestMeasure:
    def test_returns_every_feature(self) -> None:
        assert measure(facts_of(), request=REQUEST)[0] == pytest.approx(
            {
                "distance_ratio": 0.25,
                "load_ratio": 0.25,
                "price_fit": 0.6,
                "rating": 0.75,
                "idle": AFTER_ONE_SCALE,
                "tenure": AFTER_ONE_SCALE,
                "experience": AFTER_ONE_SCALE,
                "open_soon": 0.75,
                "acceptance": 0.45,
                "responsiveness": 0.4,
                "win_rate": 1 / 3,
            }
        )

    @pytest.mark.parametrize(
        ("name", "facts", "expected"),
        [
            ("distance_ratio", {"distance_km": 0.0}, 0),
            ("distance_ratio", {"distance_km": 20.0000001}, 1),
            ("load_ratio", {"open_offers": 0}, 0),
            ("load_ratio", {"open_offers": 0, "open_offers_max": 0}, 0),
            ("price_fit", {"typical_price": Decimal(50)}, 1),
            ("price_fit", {"typical_price": Decimal(200)}, 0),
            ("price_fit", {"typical_price": Decimal(1000)}, 0),
            ("price_fit", {"typical_price": Decimal(0)}, 0.75),
            ("price_fit", {"typical_price": None}, 0.75),
            ("rating", {"rating": 1.0}, 0),
            ("rating", {"rating": 5.0}, 1),
            ("rating", {"rating": None}, 0.7),
            ("rating", {"rating": math.nan}, 0.7),
            ("idle", {"last_offered_at": NOW}, 0),
            ("idle", {"last_offered_at": NOW + timedelta(days=1)}, 0),
            ("idle", {"last_offered_at": None}, 1),
            ("tenure", {"created_at": NOW}, 0),
            ("experience", {"offers_total": 0}, 0),
            ("open_soon", {"opening_at": NOW}, 1),
            ("open_soon", {"opening_at": NOW + timedelta(days=3)}, 0),
        ],
    )
    def test_gives(self, name: str, facts: dict[str, Any], expected: float) -> None:
        assert value_of(name, **facts) == pytest.approx(expected)

    def test_is_neutral_about_the_price_without_a_budget(self) -> None:
        assert value_of("price_fit", request=dataclasses.replace(REQUEST, budget=None)) == 0.75

    def test_has_neutral_values_in_range_and_a_description_of_each(self) -> None:
        assert all(0 <= feature.neutral <= 1 and feature.description for feature in FEATURES)
        assert len({feature.name for feature in FEATURES}) == len(FEATURES)
