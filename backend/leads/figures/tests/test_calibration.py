"""Promises added up: intervals with known ends, and where the observed share lies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.leads.figures.calibration import Tally, Verdict


def tally_of(promise: float, *, accepted: int, of: int) -> Tally:
    """Return the tally of offers that were promised the same."""
    declined = of - accepted
    return Tally(
        offers=of,
        accepted=accepted,
        promised=of * promise,
        variance=of * promise * (1 - promise),
        squared=accepted * (1 - promise) ** 2 + declined * promise**2,
        surprise=-accepted * math.log(promise) - declined * math.log(1 - promise),
    )


class TestTally:
    def test_scores_a_coin_as_a_coin(self) -> None:
        coin = tally_of(0.5, accepted=30, of=100)

        assert (coin.predicted, coin.observed, coin.brier) == (0.5, 0.3, 0.25)
        assert coin.log_loss == pytest.approx(math.log(2))

    def test_is_the_sum_of_its_parts(self) -> None:
        whole = tally_of(0.2, accepted=1, of=4) + tally_of(0.6, accepted=3, of=4)

        assert (whole.offers, whole.accepted, whole.observed) == (8, 4, 0.5)
        assert whole.predicted == pytest.approx(0.4)

    def test_is_as_sure_as_wilson_says(self) -> None:
        # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
        some, none = (
            tally_of(0.5, accepted=81, of=263).confidence(),
            tally_of(0.5, accepted=0, of=20).confidence(),
        )

        assert some is not None
        assert none is not None
        assert (round(some.low, 4), round(some.high, 4)) == (0.2553, 0.3662)
        assert (round(none.low, 4), round(none.high, 4)) == (0.0, 0.1611)

    def test_knows_nothing_of_nothing(self) -> None:
        nothing = Tally()

        assert (nothing.predicted, nothing.observed, nothing.brier, nothing.log_loss) == (
            None,
            None,
            None,
            None,
        )
        assert (nothing.confidence(), nothing.band(), nothing.verdict) == (None, None, Verdict.FEW)


class TestBand:
    def test_holds_as_many_weeks_as_it_says(self) -> None:
        # 4,000 weeks of 300 offers whose promises are right.
        chance = np.random.default_rng(7)
        promises = chance.beta(2, 4, size=300)
        accepted = (chance.random((4_000, 300)) < promises).sum(axis=1)
        week = Tally(300, 0, float(promises.sum()), float((promises * (1 - promises)).sum()))

        for z, share in [(1.959964, 0.95), (2.575829, 0.99)]:
            band = week.band(z)
            assert band
            assert np.mean([band.holds(count / 300) for count in accepted]) == pytest.approx(share, abs=0.01)

    @pytest.mark.parametrize(
        ("accepted", "of", "verdict"),
        [
            (0, 49, Verdict.FEW),
            (59, 100, Verdict.WITHIN),  # 1.96 × 5 = 9.8 away at most
            (60, 100, Verdict.BEYOND_95),
            (62, 100, Verdict.BEYOND_95),
            (63, 100, Verdict.BEYOND_99),  # more than 2.58 × 5 = 12.9 away
            (37, 100, Verdict.BEYOND_99),
        ],
    )
    def test_is_left_by_more_than_chance(self, accepted: int, of: int, verdict: Verdict) -> None:
        week = tally_of(0.5, accepted=accepted, of=of)

        assert week.verdict is verdict
