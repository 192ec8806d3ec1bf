"""Estimates of what another policy would have brought: exact by hand, right in a market that is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backend.matching.off_policy import Evaluation, Slate, TooFewLeads, evaluate, sum_up
from backend.matching.off_policy.tests.worlds import PLACES, draw_world


def make_slate(
    *,
    logged: list[float],
    target: list[float],
    offered: list[int],
    outcomes: list[float],
    predicted: list[float],
) -> Slate:
    made = np.zeros(len(logged), dtype=bool)
    made[offered] = True
    return Slate(np.array(logged), np.array(target), made, np.array(outcomes), np.array(predicted))


SLATE = make_slate(
    logged=[1.0, 0.5, 0.25, 0.25, 0.0],
    target=[0.5, 0.5, 0.5, 0.0, 0.5],
    offered=[0, 2],
    outcomes=[1.0, 0.0, 1.0, 0.0, 0.0],
    predicted=[0.5, 0.5, 0.5, 0.5, 0.25],
)


class TestASlate:
    def test_is_summed_up(self) -> None:
        assert dataclasses.asdict(sum_up(SLATE)) == {
            "value": 2.0,
            "weighted": 2.5,  # 0.5 × 1 + 2 × 1
            "weights": 2.5,
            "weights_squared": 4.25,
            "offers": 2.0,
            "clipped": 0.0,
            "corrections": 1.25,
            "target_offers": 2.0,
            "predictions": 0.875,
            "unsupported": 0.5,
            "beyond": 0.5,
            "beyond_predictions": 0.125,
        }

    def test_of_large_weights_says_what_clipping_took(self) -> None:
        sums = sum_up(SLATE, weight_max=1.5)
        assert (sums.weights, sums.clipped) == (2.0, 0.5)
        assert (sums.beyond, sums.beyond_predictions) == (0.625, 0.1875)

    def test_that_offered_what_it_could_not_is_refused(self) -> None:
        with pytest.raises(ValueError, match="offered with the probability 0"):
            make_slate(logged=[0.0], target=[1.0], offered=[0], outcomes=[1.0], predicted=[0.5])

    def test_of_unequal_lengths_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"arrays have \[1, 2\] entries"):
            make_slate(logged=[1.0, 1.0], target=[1.0], offered=[0], outcomes=[1.0], predicted=[0.5])


class TestAnEvaluation:
    def test_is_exact_where_both_policies_are_the_same(self) -> None:
        slates = [
            dataclasses.replace(one, target=one.logged) for one in draw_world(1, leads=40, drawn=1).slates
        ]
        found = evaluate([sum_up(slate) for slate in slates])
        assert found.inverse_propensity == found.logged
        assert found.doubly_robust.value != found.logged.value
        assert found.effective_offers == pytest.approx(40 * PLACES)
        assert found.target_offers == pytest.approx(PLACES)
        assert (found.unsupported_share, found.clipped_share) == (0.0, 0.0)

    def test_tells_and_bounds_what_the_log_could_never_have_offered(self) -> None:
        found = evaluate([sum_up(SLATE)] * 3)
        assert found.unsupported_share == 0.25
        assert found.doubly_robust.value == found.doubly_robust.low == 2.125
        # The half of an offer that was never made brings nothing at worst, an acceptance at best.
        assert (found.worst_case.low, found.worst_case.high) == (2.0, 2.5)

    def test_of_one_lead_is_refused(self) -> None:
        with pytest.raises(TooFewLeads, match="by 1 leads"):
            evaluate([sum_up(SLATE)])

    def test_of_a_log_that_offered_nothing_has_no_weights(self) -> None:
        nothing = make_slate(logged=[0.0], target=[1.0], offered=[], outcomes=[0.0], predicted=[0.5])
        found = evaluate([sum_up(nothing)] * 2)
        assert (found.self_normalised.value, found.effective_offers, found.unsupported_share) == (
            0.0,
            0.0,
            1.0,
        )
        assert (found.doubly_robust.value, found.worst_case.low, found.worst_case.high) == (0.5, 0.0, 1.0)


def covered(name: str, found: list[tuple[Evaluation, float]]) -> int:
    """Return in how many runs the truth lies within the interval of an estimate."""
    return sum(getattr(one, name).low <= truth <= getattr(one, name).high for one, truth in found)


class TestInAKnownMarket:
    def judge(self, *, drawn: int) -> list[tuple[Evaluation, float]]:
        worlds = [draw_world(seed, leads=80, drawn=drawn) for seed in range(100)]
        return [(evaluate([sum_up(slate) for slate in world.slates]), world.truth) for world in worlds]

    def test_the_truth_lies_within_the_intervals_in_ninety_of_a_hundred_runs(self) -> None:
        found = self.judge(drawn=1)
        for name in ("inverse_propensity", "self_normalised", "doubly_robust", "worst_case"):
            assert covered(name, found) >= 90, name
        # What the model knows makes the interval tighter.
        widths = {
            name: np.mean([getattr(one, name).high - getattr(one, name).low for one, _truth in found])
            for name in ("inverse_propensity", "doubly_robust")
        }
        assert widths["doubly_robust"] < 0.8 * widths["inverse_propensity"]

    def test_without_chance_in_the_log_only_the_worst_case_holds(self) -> None:
        found = self.judge(drawn=0)
        assert covered("inverse_propensity", found) < 50
        assert covered("worst_case", found) >= 95
        assert min(one.unsupported_share for one, _truth in found) > 0.3
