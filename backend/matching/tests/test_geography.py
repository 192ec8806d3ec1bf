"""Distances on the globe."""

from __future__ import annotations

import pytest

from backend.matching.geography import distance_between
from backend.matching.tests.factories import BERLIN, HAMBURG, POTSDAM


class TestDistanceBetween:
    @pytest.mark.parametrize(
        ("one", "other", "distance_km"),
        [
            (BERLIN, BERLIN, 0),
            (BERLIN, POTSDAM, 27),
            (BERLIN, HAMBURG, 255),
            ((0, 179.5), (0, -179.5), 111),  # across the antimeridian
            ((90, 0), (-90, 0), 20_015),  # half a circumference
        ],
    )
    def test_is_the_way_along_the_globe_in_both_directions(
        self, one: tuple[float, float], other: tuple[float, float], distance_km: int
    ) -> None:
        assert round(distance_between(one, other)) == distance_km
        assert distance_between(one, other) == pytest.approx(distance_between(other, one))
