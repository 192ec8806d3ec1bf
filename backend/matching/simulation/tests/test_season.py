"""Seasons: luck belongs to lead and provider, limits hold, and what is ranked is what would be served."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.matching.exploration import Exploration
from backend.matching.features import Facts
from backend.matching.policy import Balanced, rank_candidates
from backend.matching.ranking import ExpertWeights
from backend.matching.simulation.decision import Decision
from backend.matching.simulation.draws import Stream, draw_uniform
from backend.matching.simulation.ledger import Ledger
from backend.matching.simulation.people import People, Situation
from backend.matching.simulation.rivals import OURS, Bound, Order, Ours, Rival, RoundRobin, list_rivals
from backend.matching.simulation.season import Season
from backend.matching.simulation.settings import OfferTerms
from backend.matching.simulation.tests.markets import small_market
from backend.matching.track_record import HALF_LIFE, Record

TERMS = OfferTerms()


class TestLuck:
    def test_is_that_of_lead_and_provider_whoever_else_is_asked(self) -> None:
        many = draw_uniform(1, Stream.ACCEPTANCE, 5, np.arange(1000))
        few = draw_uniform(1, Stream.ACCEPTANCE, 5, np.array([999, 3]))
        assert few.tolist() == [many[999], many[3]]

    def test_is_another_for_another_lead_seed_or_purpose(self) -> None:
        who = np.arange(4000)
        drawn = [
            draw_uniform(1, Stream.ACCEPTANCE, 5, who),
            draw_uniform(1, Stream.ACCEPTANCE, 6, who),
            draw_uniform(2, Stream.ACCEPTANCE, 5, who),
            draw_uniform(1, Stream.SILENCE, 5, who),
        ]
        assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.08  # five standard errors
        assert all(abs(one.mean() - 0.5) < 0.023 for one in drawn)

    def test_lets_a_provider_answer_the_same_whichever_policy_asks(self) -> None:
        people = People(small_market())
        alone, both = (Situation(3, 30.0, np.array(who), *np.zeros((3, len(who)))) for who in ([8], [2, 8]))
        assert people.answer(alone).would_accept[0] == people.answer(both).would_accept[1]
        assert people.answer(alone).after_h[0] == people.answer(both).after_h[1]


class TestLimits:
    @pytest.mark.parametrize("name", [rival.name for rival in list_rivals(TERMS)])
    def test_hold_for_every_policy(self, name: str) -> None:
        market = small_market()
        (rival,) = (one for one in list_rivals(TERMS) if one.name == name)
        season = Season(market, rival, TERMS)
        cases = season.run()
        offers = [offer for case in cases for offer in case.offers]
        by_day = Counter((offer.provider, int(offer.at_h // 24)) for offer in offers)
        assert len(cases) == len(market.leads)
        assert all(case.is_closed and not case.open for case in cases)
        assert all(len({offer.provider for offer in case.offers}) == len(case.offers) for case in cases)
        assert max(len(case.offers) for case in cases) <= (
            TERMS.offers_max if rival.in_waves else TERMS.places
        )
        assert max(len(case.accepted) for case in cases) <= TERMS.accepted_max
        assert all(count <= market.providers.offers_a_day_max[who] for (who, _day), count in by_day.items())
        assert all(offer.at_h >= market.providers.joined_h[offer.provider] for offer in offers)
        assert season.open_offers.sum() == 0

    def test_keep_open_offers_within_what_each_provider_takes(self) -> None:
        market = small_market()
        fullest: list[float] = []
        season = Season(
            market,
            Bound("bound", in_waves=True),
            TERMS,
            observe=lambda _decision, _order: fullest.append(
                float((season.open_offers / market.providers.open_offers_max).max())
            ),
        )
        season.run()
        assert max(fullest) == 1.0

    def test_end_the_waves_when_enough_have_accepted(self) -> None:
        for case in Season(small_market(), RoundRobin("waves", in_waves=True), TERMS).run():
            accepted_h = sorted(offer.answered_h or 0.0 for offer in case.accepted)
            if len(accepted_h) >= TERMS.accepted_enough:
                enough_h = accepted_h[TERMS.accepted_enough - 1]
                assert all(offer.at_h <= enough_h for offer in case.offers)


class TestOurs:
    def test_asks_in_the_order_that_would_be_served(self) -> None:
        terms = replace(TERMS, exploration=Exploration(share=0.4))
        rival, orders = Ours(OURS, exploration=terms.exploration), []

        def compare(decision: Decision, order: Order) -> None:
            served = rank_candidates(
                decision.request,
                decision.candidates,
                model=rival.model,
                policy=Balanced(terms.exploration),
                places=decision.places,
            ).ranked
            who = decision.situation.providers.tolist()
            assert order.propensities is not None
            assert [who[position] for position in order.positions] == [
                one.candidate.provider_id for one in served
            ]
            assert [order.propensities[position] for position in order.positions] == [
                one.propensity for one in served
            ]
            orders.append(rival.model.version)

        Season(small_market(), rival, terms, observe=compare).run()
        assert orders[0] == ExpertWeights().version
        assert orders[-1] == "week/3"  # it has learned from its own past by then


def read_facts(ledger: Ledger, who: list[int], *, at_h: float) -> Facts:
    places = np.ones(len(who))
    return ledger.facts(np.array(who), category=0, distance_km=places, opening_h=at_h * places, at_h=at_h)


class TestLedger:
    def test_lets_records_fade_as_the_database_does(self) -> None:
        ledger, half_h = Ledger(small_market()), HALF_LIFE / timedelta(hours=1)
        answer = Record.of_answer(is_accepted=True, after=timedelta(0))
        ledger.note(answer, provider=1, category=0, at_h=0.0)
        ledger.note(Record.of_silence(), provider=1, category=0, at_h=half_h)
        ledger.note(Record.of_silence(), provider=2, category=0, at_h=half_h)
        facts = read_facts(ledger, [1, 2, 3], at_h=2 * half_h)
        assert [facts.own.answered.tolist(), facts.own.accepted.tolist()] == [[0.75, 0.5, 0], [0.25, 0, 0]]
        assert facts.own.responses.tolist() == [0.25, 0, 0]
        assert set(facts.average.answered.tolist()) == {1.25}
        assert set(facts.average.accepted.tolist()) == {0.25}

    def test_takes_the_mean_of_all_reviews(self) -> None:
        market = small_market()
        (new, *_) = np.flatnonzero(market.providers.reviews == 0).tolist()
        ledger = Ledger(market)
        for stars in (5.0, 2.0):
            ledger.note_review(new, stars=stars)
        assert read_facts(ledger, [new], at_h=0.0).rating.tolist() == [3.5]


def test_a_policy_without_an_order_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Season(small_market(), Rival("none"), TERMS).run()
