"""Chance in the choice of providers: exact probabilities, draws that follow them, and nothing else left to chance."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import pytest

from backend.matching.exploration import (
    Exploration,
    draw_systematically,
    inclusion_probabilities,
    uniform_of,
)
from backend.matching.policy import Balanced, TopN
from backend.matching.tests.factories import make_candidate
from backend.matching.tests.test_policy import REQUEST
from backend.matching.values import Ranked, Scored

# Chances to win from 0.30 down; providers 3, 6, 9 … are new.
SCORED = [
    Scored(make_candidate(number, offers_total=0 if number % 3 == 0 else 5), 0.3 - 0.02 * number, ())
    for number in range(1, 13)
]


def order(policy: Balanced | TopN, *, places: int = 5, key: str = "L-1", wave: int = 1) -> tuple[Ranked, ...]:
    request = dataclasses.replace(REQUEST, key=key, wave=wave)
    return policy.order(SCORED, request=request, places=places)


def numbers(ranked: Sequence[Ranked]) -> list[int]:
    return [one.candidate.provider_id for one in ranked]


def propensities(ranked: Sequence[Ranked]) -> dict[int, float]:
    return {one.candidate.provider_id: one.propensity for one in ranked}


class TestInclusionProbabilities:
    @pytest.mark.parametrize(
        ("weights", "count", "expected"),
        [
            ([1, 1, 2], 1, [0.25, 0.25, 0.5]),
            ([1, 1, 2], 2, [0.5, 0.5, 1]),
            # The second is certain only once the first is.
            ([100, 6, 2, 2], 3, [1, 1, 0.5, 0.5]),
            ([1, 2], 0, [0, 0]),
            ([3, 1], 5, [1, 1]),
            ([], 2, []),
        ],
    )
    def test_go_by_the_weight_as_far_as_one_can_be_certain(
        self, weights: list[float], count: int, expected: list[float]
    ) -> None:
        assert inclusion_probabilities(weights, count=count) == pytest.approx(expected)


class TestDrawSystematically:
    @pytest.mark.parametrize("count", [1, 2, 3, 7])
    def test_draws_as_many_as_asked_and_each_as_often_as_its_probability_says(self, count: int) -> None:
        chances = inclusion_probabilities([1.5**number for number in range(12)], count=count)
        drawn, starts = Counter[int](), 20_000
        for number in range(starts):
            positions = draw_systematically(chances, start=(number + 0.5) / starts)
            assert len(set(positions)) == count
            drawn.update(positions)
        # Starts in equal steps miss each end of an interval by at most one step.
        assert [drawn[position] / starts for position in range(12)] == pytest.approx(chances, abs=2 / starts)

    def test_misses_nobody_at_the_very_end(self) -> None:
        assert draw_systematically([0.1] * 10, start=math.nextafter(1, 0)) == [9]


class TestBalanced:
    def test_asks_the_best_and_who_is_drawn_then_the_others_in_order(self) -> None:
        ranked = order(Balanced(Exploration(share=0.4)), key="L-7")
        best, drawn, others = numbers(ranked[:3]), numbers(ranked[3:5]), numbers(ranked[5:])
        assert [one.rank for one in ranked] == list(range(1, 13))
        assert best == [1, 2, 3]
        assert drawn == sorted(drawn)
        assert others == sorted(set(range(4, 13)) - set(drawn))
        assert [one.propensity for one in ranked[:3]] == [1.0, 1.0, 1.0]

    @pytest.mark.parametrize(("share", "places"), [(0.2, 5), (0.4, 5), (0.5, 6), (0.2, 10)])
    def test_draws_each_over_many_leads_as_often_as_it_says(self, share: float, places: int) -> None:
        policy, asked, leads = Balanced(Exploration(share=share)), Counter[int](), 4000
        said = propensities(order(policy, places=places))
        for number in range(leads):
            ranked = order(policy, places=places, key=f"L-{number}")
            assert propensities(ranked) == said
            asked.update(numbers(ranked[:places]))
        assert sum(said.values()) == pytest.approx(places)
        for number, propensity in said.items():
            # Five standard deviations.
            tolerance = 5 * math.sqrt(propensity * (1 - propensity) / leads) + 1e-9
            assert asked[number] / leads == pytest.approx(propensity, abs=tolerance)

    def test_draws_the_same_again_for_a_wave_and_another_for_the_next(self) -> None:
        policy = Balanced(Exploration(share=0.5))
        assert order(policy) == order(policy)
        assert policy.order(SCORED[::-1], request=REQUEST, places=5) == order(policy)
        assert len({tuple(numbers(order(policy, wave=wave))) for wave in range(1, 9)}) > 1

    def test_draws_new_providers_as_much_likelier_as_they_weigh(self) -> None:
        said = propensities(order(Balanced(Exploration(new_below=5, new_weight=4, first_weight=1))))
        # The ninth is new; the tenth and the eleventh, each a little worse, were offered five leads.
        step = 0.02 * (1 - math.exp(-1))
        assert said[9] / said[10] == pytest.approx(4 * math.exp(step / 0.05))
        assert said[10] / said[11] == pytest.approx(math.exp(step / 0.05))

    @pytest.mark.parametrize("places", [0, 3, 5, 12, 20])
    def test_without_a_share_orders_as_the_best_first(self, places: int) -> None:
        assert order(Balanced(Exploration(share=0)), places=places) == order(TopN(), places=places)

    @pytest.mark.parametrize("places", [12, 13])
    def test_leaves_nothing_to_chance_where_there_is_room_for_all(self, places: int) -> None:
        assert order(Balanced(), places=places) == order(TopN(), places=places)
        assert set(propensities(order(Balanced(), places=places)).values()) == {1.0}

    def test_asks_nobody_for_no_places(self) -> None:
        assert set(propensities(order(Balanced(), places=0)).values()) == {0.0}

    def test_names_its_parameters(self) -> None:
        assert Balanced().version == "balanced/3(share=0.2,new=5)"
        other = Exploration(share=0.1, new_below=0, new_weight=2, first_weight=3, temperature=0.1)
        assert Balanced(other).version == "balanced/3(share=0.1,new=0,weight=2,first=3,temperature=0.1)"


class TestExploration:
    @pytest.mark.parametrize(
        ("share", "places", "count"),
        [
            (0.2, 5, 1),
            (0.2, 1, 0),
            (0.2, 3, 1),
            (0.5, 1, 0),
            (0.3, 5, 1),
            (0.4, 5, 2),
            (0.14, 25, 3),
            (0, 50, 0),
        ],
    )
    def test_rounds_its_share_and_gives_half_a_place_to_the_best(
        self, share: float, places: int, count: int
    ) -> None:
        assert Exploration(share=share).count_places(places) == count

    def test_weighs_a_first_offer_more_than_another_of_somebody_new(self) -> None:
        chance = Exploration(new_below=5, new_weight=4, first_weight=10)
        assert chance.weigh([0.1] * 4, offers_totals=[0, 1, 4, 5]) == [40.0, 4.0, 4.0, 1.0]
        assert Exploration(new_below=0).weigh([0.1, 0.1], offers_totals=[0, 9]) == [1.0, 1.0]

    def test_puts_nobody_out_of_reach(self) -> None:
        high, low = Exploration(temperature=1e-6).weigh([1.0, 0.0], offers_totals=[9, 9])
        assert (high, low) == (1.0, math.exp(-30))

    @pytest.mark.parametrize(
        "values",
        [
            {"share": 0.6},
            {"share": -0.1},
            {"new_below": -1},
            {"new_weight": 0},
            {"first_weight": 0},
            {"temperature": 0},
        ],
    )
    def test_refuses_what_cannot_be_drawn_by(self, values: dict[str, float]) -> None:
        with pytest.raises(ValueError, match="Cannot draw"):
            Exploration(**values)  # type: ignore[arg-type]  # wrong on purpose


def test_a_number_from_a_text_is_even_and_the_same_again() -> None:
    values = [uniform_of(f"L-{number}") for number in range(10_000)]
    assert values[0] == uniform_of("L-0")
    counts = Counter(int(10 * value) for value in values)
    # 1,000 each are expected; five standard deviations are 150.
    assert set(counts) == set(range(10))
    assert all(850 < count < 1150 for count in counts.values()), counts
