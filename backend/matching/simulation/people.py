"""What people would do: the hidden truth of a market, which rankings never see and the bound is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.learning.logistic import sigmoid
from backend.matching.simulation.draws import Stream, draw_gumbel, draw_normal, draw_uniform
from backend.matching.simulation.market import HOURS_A_WEEK, Market

__all__ = ["Answers", "People", "Situation"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

EVENING_FROM_H, EVENING_UNTIL_H = 18, 24


@dataclass(frozen=True, slots=True)
class Situation:
    """Providers at the instant in which a lead might be offered to them: one entry each."""

    lead: int
    at_h: float
    providers: Numbers
    distance_ratio: Vector
    load_ratio: Vector
    jobs_in_hand: Vector


@dataclass(frozen=True, slots=True)
class Answers:
    """What offers come to: one entry each.  ``after_h`` counts from the opening of the provider."""

    would_accept: Flags
    is_silent: Flags
    after_h: Vector


class People:
    """Providers and clients of one market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._behaviour = market.behaviour
        self._providers = market.providers
        self._leads = market.leads

    def acceptance(self, situation: Situation) -> Vector:
        """Return the true probability that each provider accepts an offer made now."""
        return sigmoid(self._willingness(situation))

    def win_alone(self, situation: Situation) -> Vector:
        """Return the true probability that the client takes each one, had no other accepted."""
        log_hours = np.log1p(np.exp(self._providers.log_response_h[situation.providers]))
        appeal = self.appeal(situation.lead, situation.providers, situation.distance_ratio, log_hours)
        return sigmoid(appeal - self._leads.elsewhere[situation.lead])

    def answer(self, situation: Situation) -> Answers:
        """Return what each provider does with an offer; its luck belongs to the lead and it."""
        seed, lead, who = self._market.seed, situation.lead, situation.providers
        accepts = draw_uniform(seed, Stream.ACCEPTANCE, lead, who) < self.acceptance(situation)
        silent = draw_uniform(seed, Stream.SILENCE, lead, who) < self._providers.silent_share[who]
        spread = self._behaviour.answer_sd * draw_normal(seed, Stream.RESPONSE, lead, who)
        hours = np.exp(self._providers.log_response_h[who] + spread)
        return Answers(accepts, silent & ~accepts, hours)

    def appeal(self, lead: int, who: Numbers, distance_ratio: Vector, log_hours: Vector) -> Vector:
        """Return how much a client likes each provider on the average, in the units of a logit."""
        people, category = self._behaviour, self._leads.category[lead]
        early = people.early * (3 if self._leads.is_urgent[lead] else 1)
        return np.asarray(
            self._providers.quality[who]
            + self._providers.skill[who, category]
            + people.cheap * self._price_room(lead, who)
            - people.near * distance_ratio
            - early * log_hours
        )

    def choose(self, lead: int, who: Numbers, appeal: Vector) -> int | None:
        """Return the provider that the client takes of those that accepted; None: it goes elsewhere."""
        luck = draw_gumbel(self._market.seed, Stream.CHOICE, lead, np.append(who, -1))
        utility = np.append(appeal, self._leads.elsewhere[lead]) + luck
        best = int(np.argmax(utility))
        return int(who[best]) if best < len(who) else None

    def opens_in_h(self, who: Numbers, at_h: float) -> Vector:
        """Return how long it is until each provider is open."""
        hour = int(at_h) % HOURS_A_WEEK
        return np.asarray(np.maximum(0.0, self._providers.opens_in_h[who, hour] - at_h % 1))

    def _price_room(self, lead: int, who: Numbers) -> Vector:
        """Return how far the budget goes beyond the usual price: a logarithm, levelling off; 0 when not named."""
        budget = self._leads.budget[lead]
        if np.isnan(budget):
            return np.zeros(len(who))
        return np.asarray(np.tanh(np.log(budget / self._providers.price[who, self._leads.category[lead]])))

    def _willingness(self, situation: Situation) -> Vector:
        """Return log-odds of accepting."""
        people, providers, who = self._behaviour, self._providers, situation.providers
        room = self._price_room(situation.lead, who)
        way = situation.distance_ratio**1.5 * providers.distance[who]
        week = min(int(situation.at_h // HOURS_A_WEEK), providers.mood.shape[1] - 1)
        is_evening = EVENING_FROM_H <= situation.at_h % 24 < EVENING_UNTIL_H
        return np.asarray(
            people.accept_base
            + self._leads.plainness[situation.lead]
            + providers.pickiness[who]
            + providers.taste[who, self._leads.category[situation.lead]]
            + providers.mood[who, week]
            - people.distance * way
            + people.price * providers.price_sense[who] * room
            + people.price_pays_way * way * np.maximum(0, room)
            - (people.load + people.evening_load * is_evening) * situation.load_ratio
            - people.job_in_hand * situation.jobs_in_hand
            - people.closed_an_hour * self.opens_in_h(who, situation.at_h)
            - people.proud_of_quality * np.maximum(0, providers.quality[who]) * np.maximum(0, -room)
        )
