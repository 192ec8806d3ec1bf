"""Estimates from simulated logs, against the truth: a few runs; the command makes the many that it takes to tell."""

from __future__ import annotations

import pytest

from backend.matching.simulation.estimates import ESTIMATORS, Coverage, try_estimates
from backend.matching.simulation.logged import run_known_log
from backend.matching.simulation.market import make_market
from backend.matching.simulation.settings import MarketSize, OfferTerms

RUNS = 16
CHANCE = "a fifth by chance"


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str, str, str], Coverage]:
    """How every estimator does in one small market."""
    market = make_market(MarketSize(weeks=5, providers=90, leads_a_week=40, cities=1, categories=2), seed=3)
    known = run_known_log(market, OfferTerms(), warm_up_weeks=1)
    coverages = try_estimates(known, runs=RUNS, leads=60)
    return {(one.log, one.target, one.outcome, one.estimator): one for one in coverages}


def test_each_estimator_is_tried_on_each_log_target_and_outcome(found: dict[object, Coverage]) -> None:
    assert len(found) == 2 * 3 * 2 * len(ESTIMATORS)
    assert {one.runs for one in found.values()} == {RUNS}


def test_with_chance_in_the_log_the_truth_lies_within_the_intervals(
    found: dict[tuple[str, str, str, str], Coverage],
) -> None:
    robust = [one for (log, *_rest, name), one in found.items() if log == CHANCE and name == "doubly_robust"]
    assert sum(one.hits for one in robust) >= 0.9 * RUNS * len(robust)
    assert max(abs(one.bias) for one in robust) < 0.1


def test_without_chance_weights_alone_miss_it_and_the_worst_case_holds(
    found: dict[tuple[str, str, str, str], Coverage],
) -> None:
    missed = found["no chance", "two fifths by chance", "accepts", "inverse_propensity"]
    assert missed.bias < -0.1
    assert found["no chance", "two fifths by chance", "accepts", "worst_case"].hits == RUNS
