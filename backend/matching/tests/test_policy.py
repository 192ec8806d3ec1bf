"""Ranking models and policies: exact parts, safe answers, fair ties."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from backend.matching.features import FEATURES
from backend.matching.policy import TopN, capacity_discount, rank_candidates
from backend.matching.ranking import EXPERT_WEIGHTS, ExpertWeights
from backend.matching.tests.factories import NOW, ids, make_candidate
from backend.matching.values import Candidate, Request, Scored

REQUEST = Request(1, 52.52, 13.405, None, "en", "normal", NOW, None, "L-1")
NEUTRAL = {feature.name: feature.neutral for feature in FEATURES}


def candidate(provider_id: int, **features: float) -> Candidate:
    """Return a candidate with these features and neutral others."""
    return make_candidate(provider_id, features=NEUTRAL | features)


class TestExpertWeights:
    def test_weigh_every_feature_that_there_is(self) -> None:
        assert set(EXPERT_WEIGHTS) == {"base", *NEUTRAL}

    def test_give_parts_that_add_up_to_the_log_odds(self) -> None:
        (scored,) = ExpertWeights().rank([candidate(1, distance_ratio=0.25, rating=0.9)])
        log_odds = math.log(scored.probability / (1 - scored.probability))
        assert sum(part.contribution for part in scored.parts) == pytest.approx(log_odds, abs=1e-12)
        assert [part.feature for part in scored.parts] == ["base", *NEUTRAL]
        for part in scored.parts:
            assert part.contribution == EXPERT_WEIGHTS[part.feature] * part.value

    @pytest.mark.parametrize(
        ("feature", "is_wanted"),
        [
            ("distance_ratio", False),
            ("load_ratio", False),
            ("price_fit", True),
            ("rating", True),
            ("idle", True),
            ("tenure", True),
            ("experience", True),
            ("open_soon", True),
        ],
    )
    def test_know_what_is_good(self, feature: str, is_wanted: bool) -> None:
        low, high = ExpertWeights().rank([candidate(1, **{feature: 0.0}), candidate(2, **{feature: 1.0})])
        assert (high.probability > low.probability) is is_wanted

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_take_the_neutral_value_for_what_is_no_number(self, value: float) -> None:
        broken, missing, neutral = ExpertWeights().rank(
            [candidate(1, rating=value), make_candidate(2, features={}), candidate(3)]
        )
        assert broken.probability == missing.probability == neutral.probability
        assert broken.parts == missing.parts == neutral.parts

    def test_score_nobody_when_there_is_nobody(self) -> None:
        assert ExpertWeights().rank([]) == ()


class ModelThatAnswers:
    """A ranking model with one probability for all, that may leave out the last one."""

    version = "learned/7"

    def __init__(self, probability: float, *, leaves_out: int = 0) -> None:
        self._probability, self._leaves_out = probability, leaves_out

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        kept = candidates[: len(candidates) - self._leaves_out]
        return tuple(Scored(one, self._probability, ()) for one in kept)


class TestRankCandidates:
    def test_puts_the_best_first_with_its_score(self) -> None:
        far, near = candidate(1, distance_ratio=1.0), candidate(2, distance_ratio=0.0)
        ranking = rank_candidates(REQUEST, [far, near])
        assert ranking.version == "top-n/2 · expert/2"
        assert [(one.rank, one.candidate.provider_id, one.propensity) for one in ranking.ranked] == [
            (1, 2, 1.0),
            (2, 1, 1.0),
        ]
        for one in ranking.ranked:
            assert one.discount == pytest.approx(1 - math.exp(-1))
            assert one.score == one.probability * one.win_probability * one.discount

    def test_uses_another_model(self) -> None:
        ranking = rank_candidates(REQUEST, [candidate(1)], model=ModelThatAnswers(0.5))
        assert ranking.version == "top-n/2 · learned/7"
        assert ranking.ranked[0].probability == 0.5

    @pytest.mark.parametrize(
        "model", [ModelThatAnswers(math.nan), ModelThatAnswers(1.5), ModelThatAnswers(0.5, leaves_out=1)]
    )
    def test_falls_back_to_the_expert_weights_and_says_so(self, model: ModelThatAnswers) -> None:
        ranking = rank_candidates(REQUEST, [candidate(1), candidate(2)], model=model)
        assert ranking.version == "top-n/2 · expert/2 (for learned/7, which gave no valid answer)"
        assert len(ranking.ranked) == 2
        assert all(0 < one.score < 1 for one in ranking.ranked)

    def test_ranks_nobody_when_there_is_nobody(self) -> None:
        assert rank_candidates(REQUEST, []).ranked == ()


class TestCapacityDiscount:
    @pytest.mark.parametrize(
        ("load", "capacity", "discount"),
        [(0, 5, 1 - math.exp(-1)), (5, 10, 1 - math.exp(-0.5)), (5, 5, 0), (7, 5, 0), (0, 0, 0)],
    )
    def test_falls_with_the_load(self, load: int, capacity: int, discount: float) -> None:
        loaded = make_candidate(1, open_offers=load, open_offers_max=capacity)
        assert capacity_discount(loaded) == pytest.approx(discount)


class TestTies:
    def test_go_to_whoever_was_offered_something_longest_ago(self) -> None:
        tied = [
            make_candidate(1, last_offered_at=NOW),
            make_candidate(2, last_offered_at=NOW - timedelta(days=1)),
            make_candidate(3, last_offered_at=None),
        ]
        assert ids([one.candidate for one in rank_candidates(REQUEST, tied).ranked]) == [3, 2, 1]

    def test_are_shared_evenly_and_repeatably_among_equals(self) -> None:
        equals = [make_candidate(number) for number in range(1, 11)]
        scored = ExpertWeights().rank(equals)
        first = Counter[int]()
        for number in range(2000):
            request = dataclasses.replace(REQUEST, key=f"L-{number}")
            order = ids([one.candidate for one in TopN().order(scored, request=request, places=1)])
            assert order == ids(
                [one.candidate for one in TopN().order(scored[::-1], request=request, places=1)]
            )
            first[order[0]] += 1
        # 200 each are expected; five standard deviations are 67.
        assert set(first) == set(range(1, 11))
        assert all(133 < times < 267 for times in first.values()), first
