"""One policy over one market: leads come, are offered, answered, chosen for; the clock jumps from event to event."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from backend.matching.ranking import feature_matrix
from backend.matching.simulation.decision import Decision
from backend.matching.simulation.draws import Stream, draw_normal, draw_uniform
from backend.matching.simulation.ledger import Ledger
from backend.matching.simulation.market import HOURS_A_WEEK, Market, stars_of
from backend.matching.simulation.people import People, Situation
from backend.matching.simulation.rivals import Example, Order, Rival
from backend.matching.simulation.settings import OfferTerms
from backend.matching.track_record import Record

__all__ = ["Case", "Offer", "Season"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]


class Step(Enum):
    """What may happen."""

    ARRIVE = auto()
    ANSWER = auto()
    EXPIRE = auto()
    RETRY = auto()
    CHOOSE = auto()
    GIVE_UP = auto()
    JOB_ENDS = auto()
    WEEK_ENDS = auto()


@dataclass(slots=True, eq=False)
class Offer:
    """One offer; ``features`` are None where nothing is learned."""

    provider: int
    at_h: float
    starts_h: float
    distance_ratio: float
    propensity: float | None
    features: Vector | None
    would_accept: bool = False
    accepted: bool | None = None
    won: bool | None = None
    answered_h: float | None = None


@dataclass(slots=True, eq=False)
class Case:
    """A lead on its way."""

    lead: int
    arrived_h: float
    offers: list[Offer] = field(default_factory=list)
    open: set[Offer] = field(default_factory=set)
    accepted: list[Offer] = field(default_factory=list)
    covering: tuple[Numbers, Vector] | None = None
    waves: int = 0
    is_closed: bool = False
    winner: int | None = None


class Season:
    """A run; ``observe`` is told of every decision with the order that was made of it."""

    def __init__(
        self,
        market: Market,
        rival: Rival,
        terms: OfferTerms,
        *,
        observe: Callable[[Decision, Order], None] = lambda _decision, _order: None,
    ) -> None:
        self._market = market
        self._rival = rival
        self._terms = terms
        self._observe = observe
        self._people = People(market)
        self._ledger = Ledger(market)
        self._jobs = np.zeros(len(market.providers))
        self._events: list[tuple[float, int, Step, Case, Offer | None]] = []
        self._number = 0
        self._answered: list[Offer] = []
        self.cases = [Case(lead, at_h) for lead, at_h in enumerate(market.leads.at_h.tolist())]

    @property
    def open_offers(self) -> Numbers:
        """Return how many offers each provider has to answer now."""
        return self._ledger.open_offers

    def run(self, *, advance: Callable[[], object] = lambda: None) -> list[Case]:
        """Run to the end of the last lead; ``advance`` is called as each lead comes."""
        for case in self.cases:
            self._schedule(case.arrived_h, Step.ARRIVE, case)
        if self._rival.learns:
            for week in range(1, self._market.size.weeks):
                self._schedule(week * HOURS_A_WEEK, Step.WEEK_ENDS, self.cases[0])
        while self._events:
            at_h, _number, step, case, offer = heapq.heappop(self._events)
            if step is Step.ARRIVE:
                advance()
            self._take(step, case, offer, at_h)
        return self.cases

    def _schedule(self, at_h: float, step: Step, case: Case, offer: Offer | None = None) -> None:
        heapq.heappush(self._events, (at_h, self._number, step, case, offer))
        self._number += 1

    def _take(self, step: Step, case: Case, offer: Offer | None, at_h: float) -> None:
        if step is Step.WEEK_ENDS:
            self._rival.learn(list(self._examples()))
        elif step is Step.JOB_ENDS and offer:
            self._jobs[offer.provider] -= 1
        elif case.is_closed:
            return
        elif step is Step.ARRIVE:
            self._schedule(at_h + self._market.leads.patience_h[case.lead], Step.GIVE_UP, case)
            self._route(case, at_h)
        elif step is Step.RETRY:
            self._route(case, at_h)
        elif step is Step.CHOOSE or (step is Step.GIVE_UP and not case.accepted):
            self._close(case, at_h)
        elif offer and offer in case.open:
            self._end(case, offer, at_h, is_silent=step is Step.EXPIRE)

    def _route(self, case: Case, at_h: float) -> None:
        """Offer the free places, if the terms and the policy want more offers."""
        terms = self._terms
        places = min(terms.places - len(case.open) - len(case.accepted), terms.offers_max - len(case.offers))
        is_enough = case.waves and (not self._rival.in_waves or len(case.accepted) >= terms.accepted_enough)
        if places <= 0 or is_enough or case.waves >= terms.waves_max:
            return
        case.waves += 1
        situation, distance_km, is_waiting = self._find(case, at_h)
        if len(situation.providers):
            decision = Decision(
                self._market, self._ledger, situation, distance_km=distance_km, wave=case.waves, places=places
            )
            self._offer(case, decision, at_h)
        if self._rival.in_waves and is_waiting and len(situation.providers) < places:
            self._schedule(at_h + terms.retry_hours, Step.RETRY, case)

    def _find(self, case: Case, at_h: float) -> tuple[Situation, Vector, bool]:
        """Return who may have the lead, how far away each is, and whether others merely lack room now."""
        providers = self._market.providers
        if case.covering is None:
            case.covering = self._find_covering(case.lead)
        everybody, distances = case.covering
        offered = np.array([offer.provider for offer in case.offers], dtype=np.int64)
        fresh = ~(everybody[:, None] == offered).any(axis=1)
        may = fresh & self._ledger.has_room(everybody, at_h)
        who, distance_km = everybody[may], distances[may]
        situation = Situation(
            lead=case.lead,
            at_h=at_h,
            providers=who,
            distance_ratio=distance_km / providers.radius_km[who],
            load_ratio=self._ledger.open_offers[who] / providers.open_offers_max[who],
            jobs_in_hand=self._jobs[who],
        )
        return situation, distance_km, bool((fresh & ~may).any())

    def _find_covering(self, lead: int) -> tuple[Numbers, Vector]:
        """Return who offers the category and works at the place, and how far away each is."""
        leads, providers = self._market.leads, self._market.providers
        everybody = np.flatnonzero(providers.offers[:, leads.category[lead]])
        distances = np.hypot(providers.x[everybody] - leads.x[lead], providers.y[everybody] - leads.y[lead])
        covers = distances <= providers.radius_km[everybody]
        return everybody[covers], distances[covers]

    def _offer(self, case: Case, decision: Decision, at_h: float) -> None:
        order = self._rival.order(decision)
        self._observe(decision, order)
        chosen = np.array(order.positions[: decision.places])
        situation = _only(decision.situation, chosen)
        answers = self._people.answer(situation)
        starts_h = at_h + self._people.opens_in_h(situation.providers, at_h)
        self._ledger.note_offers(situation.providers, at_h)
        for place, position in enumerate(chosen.tolist()):
            offer = self._make_offer(decision, order, position, starts_h=float(starts_h[place]))
            offer.would_accept = bool(answers.would_accept[place])
            case.offers.append(offer)
            case.open.add(offer)
            is_late = bool(answers.is_silent[place]) or answers.after_h[place] >= self._terms.offer_hours
            after_h = self._terms.offer_hours if is_late else float(answers.after_h[place])
            self._schedule(offer.starts_h + after_h, Step.EXPIRE if is_late else Step.ANSWER, case, offer)

    def _make_offer(self, decision: Decision, order: Order, position: int, *, starts_h: float) -> Offer:
        situation, features = decision.situation, None
        if self._rival.learns:
            features = feature_matrix([decision.candidates[position].features])[0]
        return Offer(
            provider=int(situation.providers[position]),
            at_h=situation.at_h,
            starts_h=starts_h,
            distance_ratio=float(situation.distance_ratio[position]),
            propensity=None if order.propensities is None else order.propensities[position],
            features=features,
        )

    def _end(self, case: Case, offer: Offer, at_h: float, *, is_silent: bool) -> None:
        """Take an answer, or the end of an offer without one."""
        case.open.discard(offer)
        self._ledger.release(offer.provider)
        accepts = offer.would_accept and not is_silent
        if accepts and len(case.accepted) >= self._terms.accepted_max:
            return  # it came too late for a place, which says nothing of it
        after = timedelta(hours=at_h - offer.starts_h)
        self._note(
            Record.of_silence() if is_silent else Record.of_answer(is_accepted=accepts, after=after),
            case,
            offer,
            at_h,
        )
        offer.accepted, offer.answered_h = accepts, at_h
        self._answered.append(offer)
        if not accepts:
            self._route(case, at_h)
            return
        case.accepted.append(offer)
        if len(case.accepted) == 1:
            self._schedule(at_h + self._market.leads.decide_h[case.lead], Step.CHOOSE, case)

    def _close(self, case: Case, at_h: float) -> None:
        """Let the client choose among those that have accepted; whoever was still asked is free again."""
        case.is_closed = True
        for offer in case.open:
            self._ledger.release(offer.provider)
        case.open.clear()
        if not case.accepted:
            return
        who = np.array([offer.provider for offer in case.accepted])
        ways = np.array([offer.distance_ratio for offer in case.accepted])
        hours = np.array(
            [at - offer.starts_h for offer in case.accepted if (at := offer.answered_h) is not None]
        )
        case.winner = self._people.choose(
            case.lead, who, self._people.appeal(case.lead, who, ways, np.log1p(hours))
        )
        for offer in case.accepted:
            offer.won = offer.provider == case.winner
            self._note(Record.of_choice(is_won=offer.won), case, offer, at_h)
            if offer.won:
                self._serve(case, offer, at_h)

    def _serve(self, case: Case, offer: Offer, at_h: float) -> None:
        """Give the winner a job in hand, and perhaps a review."""
        people, providers = self._market.behaviour, self._market.providers
        self._jobs[offer.provider] += 1
        self._schedule(at_h + 24 * people.job_days, Step.JOB_ENDS, case, offer)
        who = np.array([offer.provider])
        if draw_uniform(self._market.seed, Stream.REVIEW, case.lead, who)[0] < people.review_share:
            skill = providers.skill[who, self._market.leads.category[case.lead]]
            noise = people.review_sd * draw_normal(self._market.seed, Stream.REVIEW, case.lead, who)
            stars = float(np.clip(stars_of(providers.quality[who] + skill) + noise, 1, 5)[0])
            self._ledger.note_review(offer.provider, stars=stars)

    def _note(self, event: Record, case: Case, offer: Offer, at_h: float) -> None:
        category = int(self._market.leads.category[case.lead])
        self._ledger.note(event, provider=offer.provider, category=category, at_h=at_h)

    def _examples(self) -> Iterator[Example]:
        """Yield the answered offers, in the order in which they were made."""
        for offer in sorted(self._answered, key=lambda one: one.at_h):
            if offer.features is not None:
                yield Example(offer.at_h, offer.features, bool(offer.accepted), offer.won)


def _only(situation: Situation, positions: Numbers) -> Situation:
    return Situation(
        situation.lead,
        situation.at_h,
        situation.providers[positions],
        situation.distance_ratio[positions],
        situation.load_ratio[positions],
        situation.jobs_in_hand[positions],
    )
