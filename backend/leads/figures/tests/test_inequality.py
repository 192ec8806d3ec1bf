"""Lorenz curve, Gini coefficient and the share of the richest: known values of small distributions."""

from __future__ import annotations

import pytest

from backend.leads.figures.inequality import Distribution


class TestDistribution:
    @pytest.mark.parametrize(
        ("holders_by_amount", "gini", "richest_tenth"),
        [
            ({3: 10}, 0.0, 0.1),  # everybody has three
            ({0: 9, 5: 1}, 0.9, 1.0),  # one of ten has all
            ({0: 5, 2: 5}, 0.5, 0.2),  # half have all, in equal parts
            ({1: 1, 2: 1, 3: 1, 4: 1}, 0.25, 0.16),  # a tenth of four is two fifths of the richest one
        ],
    )
    def test_is_as_unequal_as_known(
        self, holders_by_amount: dict[int, int], gini: float, richest_tenth: float
    ) -> None:
        shared = Distribution(holders_by_amount)

        assert shared.gini == pytest.approx(gini)
        assert shared.share_of_richest(0.1) == pytest.approx(richest_tenth)

    def test_draws_its_curve_from_the_poorest_to_all(self) -> None:
        shared = Distribution({0: 2, 1: 1, 3: 1})

        assert (shared.holders, shared.total) == (4, 4)
        assert shared.lorenz == ((0.0, 0.0), (0.5, 0.0), (0.75, 0.25), (1.0, 1.0))

    @pytest.mark.parametrize("holders_by_amount", [{}, {0: 7}])
    def test_knows_nothing_of_nothing(self, holders_by_amount: dict[int, int]) -> None:
        shared = Distribution(holders_by_amount)

        assert (shared.lorenz, shared.gini, shared.share_of_richest(0.1)) == ((), None, None)
