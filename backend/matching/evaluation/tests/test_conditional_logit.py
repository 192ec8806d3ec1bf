"""The conditional logit: its probabilities, and where its fit ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.matching.evaluation.conditional_logit import (
    PRIOR_PRECISION,
    Choice,
    choose_probabilities,
    fit_weights,
)


def make_choices(*, seed: int, count: int = 80, columns: int = 3) -> list[Choice]:
    """Return choices among two to five candidates, made by known weights."""
    random = np.random.default_rng(seed)
    weights = np.linspace(-1, 1, columns)
    choices = []
    for _n in range(count):
        features = random.normal(size=(random.integers(2, 6), columns)).astype(np.float32)
        probabilities = choose_probabilities(features, weights)
        choices.append(Choice(features, int(random.choice(len(features), p=probabilities))))
    return choices


class TestChooseProbabilities:
    def test_is_a_softmax(self) -> None:
        features = np.array([[0.0], [np.log(3)]], dtype=np.float32)
        assert choose_probabilities(features, np.ones(1)).tolist() == pytest.approx([0.25, 0.75])

    def test_stands_scores_of_any_size(self) -> None:
        features = np.array([[1e4], [0]], dtype=np.float32)
        assert choose_probabilities(features, np.ones(1)).tolist() == [1, 0]


class TestFitWeights:
    @settings(max_examples=10, deadline=None)
    @given(st.integers(0, 10_000))
    def test_ends_where_likelihood_and_prior_pull_alike(self, seed: int) -> None:
        choices = make_choices(seed=seed)
        weights = fit_weights(choices, columns=range(3))
        pull = sum(
            one.features[one.chosen] - choose_probabilities(one.features, weights) @ one.features
            for one in choices
        )
        assert pull == pytest.approx(PRIOR_PRECISION * weights, abs=0.1)

    def test_finds_the_weights_that_chose(self) -> None:
        weights = fit_weights(make_choices(seed=1, count=4000), columns=range(3))
        assert weights == pytest.approx([-1, 0, 1], abs=0.1)

    def test_looks_at_the_columns_it_is_given_alone(self) -> None:
        choices = make_choices(seed=2)
        part = [Choice(one.features[:, [2, 0]], one.chosen) for one in choices]
        assert fit_weights(choices, columns=[2, 0]) == pytest.approx(
            fit_weights(part, columns=[0, 1]), abs=1e-6
        )

    def test_believes_the_prior_without_data(self) -> None:
        assert fit_weights([], columns=range(3)).tolist() == [0, 0, 0]
