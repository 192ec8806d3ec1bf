"""Logs whose truth is known: what is drawn agrees with what is computed."""

from __future__ import annotations

import numpy as np
import pytest

from backend.matching.exploration import Exploration
from backend.matching.policy import Balanced, TopN
from backend.matching.simulation.logged import KnownLog, run_known_log
from backend.matching.simulation.settings import OfferTerms
from backend.matching.simulation.tests.markets import small_market


@pytest.fixture(scope="module")
def log() -> KnownLog:
    return run_known_log(small_market(), OfferTerms(), warm_up_weeks=2)


def test_what_is_drawn_is_the_true_value_on_the_average(log: KnownLog) -> None:
    policy, truth = Balanced(Exploration(share=0.4)), log.true_value(Balanced(Exploration(share=0.4)))
    drawn = [
        (np.mean([one.accepted.sum() for one in log_]), np.mean([one.won.sum() for one in log_]))
        for log_ in (list(log.draw(policy, seed=seed)) for seed in range(25))
    ]
    means, errors = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1) / np.sqrt(25)
    assert abs(means[0] - truth.accepts) < 4 * errors[0]
    assert abs(means[1] - truth.wins) < 4 * errors[1]


def test_a_log_is_the_same_for_its_seed_and_holds_together(log: KnownLog) -> None:
    policy = Balanced()
    first, again, other = (list(log.draw(policy, seed=seed)) for seed in (1, 1, 2))
    assert [one.accepted.tolist() for one in first] == [one.accepted.tolist() for one in again]
    assert [one.accepted.tolist() for one in first] != [one.accepted.tolist() for one in other]
    for one in first:
        assert one.offered.sum() == min(one.known.places, len(one.known.candidates))
        assert (one.propensities[one.offered] > 0).all()
        assert one.propensities.sum() == pytest.approx(one.offered.sum())
        assert not (one.accepted & ~one.offered).any()
        assert not (one.won & ~one.accepted).any()


def test_without_chance_the_best_are_offered_for_sure(log: KnownLog) -> None:
    for propensities in log.list_propensities(TopN()):
        assert sorted(propensities, reverse=True)[:5] == [1.0] * min(5, len(propensities))
        assert propensities.sum() == min(5, len(propensities))
