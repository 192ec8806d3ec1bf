"""Fitting, calibrating and judging, against what can be known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.matching.learning.calibration import EXAMPLES_MIN, Calibration, calibrate
from backend.matching.learning.logistic import FitFailed, fit_around, log_loss_of, sigmoid
from backend.matching.learning.metrics import (
    area_under_curve,
    expected_calibration_error,
    log_loss,
    ndcg_at,
    reliability,
)

PRIOR = np.array([-1.0, 2.0, 0.5])
TRUE = np.array([-0.4, 1.1, -0.8])
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


def make_examples(rows: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    features = np.column_stack([np.ones(rows), chance.random((rows, 2))])
    return features, (chance.random(rows) < sigmoid(features @ TRUE)).astype(float)


def fit(rows: int, *, sd: float, seed: int = 1) -> np.ndarray:
    features, outcomes = make_examples(rows, seed=seed)
    return fit_around(features, outcomes, prior=PRIOR, prior_sd=np.full(3, sd)).weights


class TestFitting:
    def test_without_data_gives_the_experts_back(self) -> None:
        found = fit_around(np.empty((0, 3)), np.empty(0), prior=PRIOR, prior_sd=np.full(3, 0.1))
        assert found.weights.tolist() == PRIOR.tolist()
        assert found.deviations.tolist() == pytest.approx([0.1] * 3)

    def test_moves_from_the_experts_to_the_truth_as_data_comes(self) -> None:
        away = [float(np.abs(fit(rows, sd=0.1) - TRUE).max()) for rows in (0, 1_000, 30_000, 300_000)]
        assert away == sorted(away, reverse=True)
        assert away[0] == pytest.approx(np.abs(PRIOR - TRUE).max())
        assert away[-1] < 0.06

    def test_ends_where_no_step_leads_further_down(self) -> None:
        features, outcomes = make_examples(500)
        weights = fit_around(features, outcomes, prior=PRIOR, prior_sd=np.full(3, 0.7)).weights
        residual = features.T @ (sigmoid(features @ weights) - outcomes) + (weights - PRIOR) / 0.7**2
        assert np.abs(residual).max() < 1e-6

    def test_counts_an_example_as_often_as_it_says(self) -> None:
        features, outcomes = make_examples(200)
        doubled = fit_around(
            np.vstack([features, features]), np.tile(outcomes, 2), prior=PRIOR, prior_sd=np.ones(3)
        )
        weighed = fit_around(
            features, outcomes, prior=PRIOR, prior_sd=np.ones(3), importance=np.full(200, 2.0)
        )
        assert weighed.weights == pytest.approx(doubled.weights, abs=1e-8)

    def test_survives_examples_that_a_line_separates(self) -> None:
        features = np.column_stack([np.ones(20), np.repeat([0.0, 1.0], 10)])
        outcomes = np.repeat([0.0, 1.0], 10)
        found = fit_around(features, outcomes, prior=np.zeros(2), prior_sd=np.full(2, 10.0))
        assert np.isfinite(found.weights).all()
        assert found.weights[1] > 3

    @pytest.mark.parametrize(
        ("features", "outcomes", "sd"),
        [
            (np.ones((2, 2)), np.ones(3), np.ones(2)),
            (np.full((2, 2), math.nan), np.ones(2), np.ones(2)),
            (np.ones((2, 2)), np.ones(2), np.array([1.0, 0.0])),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, features: np.ndarray, outcomes: np.ndarray, sd: np.ndarray
    ) -> None:
        with pytest.raises(FitFailed, match="Cannot fit"):
            fit_around(features, outcomes, prior=np.zeros(2), prior_sd=sd)

    @given(st.lists(st.floats(-800, 800), min_size=1, max_size=20))
    def test_has_probabilities_that_do_not_overflow(self, log_odds: list[float]) -> None:
        probabilities = sigmoid(np.array(log_odds))
        assert ((probabilities >= 0) & (probabilities <= 1)).all()
        assert math.isfinite(log_loss_of(np.array(log_odds), np.ones(len(log_odds))))


class TestCalibration:
    def test_of_few_outcomes_changes_nothing(self) -> None:
        few = np.linspace(0, 1, EXAMPLES_MIN - 1)
        assert calibrate(few, few.round()) == Calibration()
        assert Calibration().apply(few) is few

    @settings(max_examples=20, deadline=None)
    @given(SEEDS)
    def test_never_falls_and_keeps_the_mean(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        predicted = chance.random(2000)
        outcomes = (chance.random(2000) < predicted**2).astype(float)
        found = calibrate(predicted, outcomes)
        assert list(found.predicted) == sorted(found.predicted)
        assert list(found.observed) == sorted(found.observed)
        assert found.apply(predicted).mean() == pytest.approx(outcomes.mean(), abs=0.03)

    def test_brings_overconfident_predictions_back(self) -> None:
        chance = np.random.default_rng(2)
        truth = chance.random(20_000)
        boastful = sigmoid(3 * np.log(truth / (1 - truth)))
        outcomes = (chance.random(20_000) < truth).astype(float)
        found = calibrate(boastful[:10_000], outcomes[:10_000])
        before = expected_calibration_error(boastful[10_000:], outcomes[10_000:])
        after = expected_calibration_error(found.apply(boastful[10_000:]), outcomes[10_000:])
        assert (before > 0.1, after < 0.02) == (True, True)


class TestMetrics:
    def test_of_a_known_case(self) -> None:
        probabilities, outcomes = np.array([0.8, 0.4, 0.4, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])
        expected = -(math.log(0.8) + math.log(0.4) + math.log(0.6) + math.log(0.9)) / 4
        assert log_loss(probabilities, outcomes) == pytest.approx(expected)
        # Of the four pairs one is a tie.
        assert area_under_curve(probabilities, outcomes) == pytest.approx(3.5 / 4)
        bins = reliability(probabilities, outcomes, bins=2)
        assert [(one.predicted, one.observed, one.count) for one in bins] == [
            (pytest.approx(0.25), 0.5, 2),
            (pytest.approx(0.6), 0.5, 2),
        ]
        assert expected_calibration_error(probabilities, outcomes, bins=2) == pytest.approx(0.175)

    def test_of_nothing_are_no_numbers(self) -> None:
        nothing = np.empty(0)
        assert math.isnan(log_loss(nothing, nothing))
        assert math.isnan(area_under_curve(np.ones(3), np.ones(3)))
        assert math.isnan(expected_calibration_error(nothing, nothing))
        assert math.isnan(ndcg_at(5, [np.ones(2)], [np.zeros(2)]))

    def test_of_an_order_are_best_when_the_best_comes_first(self) -> None:
        gains = np.array([0.0, 2.0, 1.0])
        assert ndcg_at(2, [np.array([0.1, 0.9, 0.5])], [gains]) == 1
        worse = ndcg_at(2, [np.array([0.1, 0.5, 0.9])], [gains])
        assert worse == pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))

    @given(SEEDS)
    def test_of_an_order_do_not_depend_on_the_scale(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        scores, outcomes = chance.random(50), (chance.random(50) < 0.5).astype(float)
        one = area_under_curve(scores, outcomes)
        assert one == pytest.approx(area_under_curve(np.exp(5 * scores), outcomes), nan_ok=True)
        assert one == pytest.approx(1 - area_under_curve(-scores, outcomes), nan_ok=True)
