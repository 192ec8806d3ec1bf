"""Figures, ratios and intervals of ranks written by hand."""

from __future__ import annotations

import math

import pytest

from backend.matching.evaluation.baselines import BASELINES
from backend.matching.evaluation.figures import compare, compare_by_week, find_best_baseline

WORST = {name: [math.inf, 4.0, math.inf, 4.0] for name in BASELINES}
DAYS = [100.1, 100.9, 101.5, 108.2]
RANKS = {**WORST, "back-off counts": [2.0, 1.0, 5.0, math.inf], "ours": [1.0, 1.0, 3.0, 6.0]}


class TestCompare:
    def test_sums_ranks_up(self) -> None:
        ours = compare(RANKS, days=DAYS)[-1]
        assert ours.name == "ours"
        assert {name: one.value for name, one in ours.metrics.items()} == {
            "hit@1": 0.5,
            "hit@3": 0.75,
            "hit@5": 0.75,
            "MRR": pytest.approx((1 + 1 + 1 / 3 + 1 / 6) / 4),
        }

    def test_compares_with_the_best_baseline(self) -> None:
        assert find_best_baseline(RANKS) == "back-off counts"
        ours = compare(RANKS, days=DAYS)[-1]
        assert ours.ratios["hit@1"].value == 2
        assert ours.ratios["MRR"].value == pytest.approx(2.5 / 1.7)

    def test_gives_the_best_baseline_a_ratio_of_one_without_doubt(self) -> None:
        (best,) = [one for one in compare(RANKS, days=DAYS) if one.name == "back-off counts"]
        assert (best.ratios["MRR"].low, best.ratios["MRR"].value, best.ratios["MRR"].high) == (1, 1, 1)

    def test_draws_days_and_never_parts_of_them(self) -> None:
        """All of a day hit and all of another missed: only 0, 1/2 and 1 can be drawn."""
        ranks = {**{name: [1.0, 1.0, 9.0, 9.0] for name in BASELINES}}
        one = compare(ranks, days=[1.1, 1.2, 2.1, 2.2])[0].metrics["hit@1"]
        assert (one.low, one.value, one.high) == (0, 0.5, 1)

    def test_is_the_same_at_every_run(self) -> None:
        assert str(compare(RANKS, days=DAYS)) == str(compare(RANKS, days=DAYS))

    def test_counts_who_is_never_a_candidate_as_missed(self) -> None:
        ranks = {**WORST, "ours": [math.inf] * 4}
        ours = compare(ranks, days=DAYS)[-1]
        assert [one.value for one in ours.metrics.values()] == [0, 0, 0, 0]


class TestCompareByWeek:
    def test_counts_weeks_from_the_first_request_judged(self) -> None:
        first, second = compare_by_week(RANKS, days=DAYS)
        assert (first.week, first.requests, first.hits["ours"]) == (0, 3, pytest.approx(2 / 3))
        assert (second.week, second.requests, second.hits["ours"]) == (1, 1, 0.0)
