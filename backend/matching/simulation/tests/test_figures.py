"""What is counted, and how sure it is."""

from __future__ import annotations

import math

import pytest

from backend.matching.simulation.contest import Contest, Estimate, Standing, estimate
from backend.matching.simulation.figures import Figures, count
from backend.matching.simulation.report import format_table, list_criteria
from backend.matching.simulation.rivals import OURS, ROUND_ROBIN, RoundRobin
from backend.matching.simulation.season import Season
from backend.matching.simulation.settings import MarketSize, OfferTerms
from backend.matching.simulation.tests.markets import small_market


def _contest(**figures: float) -> Contest:
    """Return a contest of ours alone with these means, and good ones otherwise."""
    good = {"to_round_robin": 1.6, "to_bound": 0.96, "unfilled_to_round_robin": 0.3, "new_without_offer": 0.0}
    means = {name: Estimate(value, value, value) for name, value in (good | figures).items()}
    everything = {name: means.get(name, Estimate(0.5, 0.5, 0.5)) for name in Figures.names()}
    ours = Standing(
        OURS, everything, means["to_round_robin"], means["to_bound"], means["unfilled_to_round_robin"]
    )
    return Contest(MarketSize(), OfferTerms(), (0, 1), 10, (ours,))


def test_an_interval_is_student_s() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert (found.mean, found.high - 2, 2 - found.low) == pytest.approx((2.0, 2.4841, 2.4841), abs=1e-3)


def test_a_single_market_says_nothing_of_others() -> None:
    assert estimate([0.4]) == Estimate(0.4, -math.inf, math.inf)


def test_figures_count_what_became_of_the_leads() -> None:
    market = small_market()
    cases = Season(market, RoundRobin(ROUND_ROBIN), OfferTerms()).run()
    found = count(market, cases)
    assert found.win_rate == sum(case.winner is not None for case in cases) / len(cases)
    assert found.unfilled == sum(not case.accepted for case in cases) / len(cases)
    assert found.offers_a_lead == sum(len(case.offers) for case in cases) / len(cases)
    assert found.new == 0  # nobody can have waited for eight weeks in four
    assert found.explored == 0.0


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("to_round_robin", 1.54),
        ("to_bound", 0.949),
        ("unfilled_to_round_robin", 0.5),
        ("new_without_offer", 0.2),
    ],
)
def test_each_criterion_can_be_missed_alone(figure: str, value: float) -> None:
    assert [one.is_met for one in list_criteria(_contest())] == [True] * 4
    missed = [one for one in list_criteria(_contest(**{figure: value})) if not one.is_met]
    assert [one.found.mean for one in missed] == [value]
    assert f"NOT met: {missed[0].wanted}" in format_table(_contest(**{figure: value}))
