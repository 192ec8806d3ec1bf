"""A log of decisions whose truth is known: to see whether what is estimated from logs is right.

A season is run once, and its first waves are kept: candidates as ranking saw them, and the true probabilities that
ranking never sees.  From them logs are drawn, as many as wanted, each with luck of its own; and what any policy would
bring on the same leads is computed rather than drawn.  Offers are judged one by one: an offer brings an acceptance, and
a win where the client would take that provider had no other accepted, so that what a slate brings is the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.matching.policy import Policy
from backend.matching.ranking import Ranker, score_safely
from backend.matching.simulation.decision import Decision
from backend.matching.simulation.market import HOURS_A_WEEK, Market
from backend.matching.simulation.rivals import OURS, Order, Ours
from backend.matching.simulation.season import Season
from backend.matching.simulation.settings import OfferTerms
from backend.matching.values import Candidate, Request, Scored

__all__ = ["KnownDecision", "KnownLog", "LoggedDecision", "TrueValue", "run_known_log"]

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KnownDecision:
    """A decision to be made, and the truth of its candidates: that each accepts, and that it accepts and wins."""

    request: Request
    candidates: tuple[Candidate, ...]
    places: int
    accepts: Vector
    wins: Vector


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """What a log says of a decision: entries by candidate, in the order of ``known.candidates``.

    ``propensities`` are the log's, ``predicted_…`` its model's; ``accepted`` and ``won`` are false where nothing was
    offered.
    """

    known: KnownDecision
    propensities: Vector
    offered: Flags
    accepted: Flags
    won: Flags
    predicted_accepts: Vector
    predicted_wins: Vector


@dataclass(frozen=True, slots=True)
class TrueValue:
    """What a policy brings on the average: acceptances and wins for each decision."""

    accepts: float
    wins: float


class KnownLog:
    """Decisions with their truth, and the model that ranked when they were made."""

    def __init__(self, decisions: Sequence[KnownDecision], model: Ranker) -> None:
        self.decisions = decisions
        self.model = model
        self._scored = [score_safely(model, one.candidates)[0] for one in decisions]

    def draw(
        self, policy: Policy, *, seed: int, among: Sequence[int] | None = None
    ) -> Iterator[LoggedDecision]:
        """Yield a log of the policy over all decisions, or those at some positions: the same for the same seed."""
        generator = np.random.default_rng(seed)
        for position in range(len(self.decisions)) if among is None else among:
            known, scored = self.decisions[position], self._scored[position]
            request = replace(known.request, key=f"{known.request.key}#{seed}")
            propensities, offered = _order(policy, scored, request=request, places=known.places)
            luck = generator.random(len(scored))
            yield LoggedDecision(
                known=known,
                propensities=propensities,
                offered=offered,
                accepted=offered & (luck < known.accepts),
                won=offered & (luck < known.wins),
                predicted_accepts=np.array([one.probability for one in scored]),
                predicted_wins=np.array([one.wins for one in scored]),
            )

    def list_propensities(self, policy: Policy, *, model: Ranker | None = None) -> list[Vector]:
        """Return how likely the policy would offer to each candidate of each decision; ``model`` None: the log's."""
        return [
            _order(policy, scored, request=known.request, places=known.places)[0]
            for known, scored in zip(self.decisions, self._score(model), strict=True)
        ]

    def true_value(self, policy: Policy, *, model: Ranker | None = None) -> TrueValue:
        """Return what the policy would bring, exactly: over its chance, and over everybody's luck."""
        chances = self.list_propensities(policy, model=model)
        pairs = list(zip(chances, self.decisions, strict=True))
        return TrueValue(
            accepts=float(np.mean([chance @ known.accepts for chance, known in pairs])),
            wins=float(np.mean([chance @ known.wins for chance, known in pairs])),
        )

    def _score(self, model: Ranker | None) -> list[tuple[Scored, ...]]:
        if model is None:
            return self._scored
        return [score_safely(model, known.candidates)[0] for known in self.decisions]


def run_known_log(market: Market, terms: OfferTerms, *, warm_up_weeks: int) -> KnownLog:
    """Run a season of ours, and return its first waves from a week on, with the model of the season's end."""
    decisions: list[KnownDecision] = []

    def keep(decision: Decision, _order: Order) -> None:
        if decision.wave == 1 and decision.situation.at_h >= warm_up_weeks * HOURS_A_WEEK:
            decisions.append(_know(decision))

    ours = Ours(OURS, exploration=terms.exploration)
    Season(market, ours, terms, observe=keep).run()
    return KnownLog(decisions, ours.model)


def _know(decision: Decision) -> KnownDecision:
    return KnownDecision(
        request=decision.request,
        candidates=decision.candidates,
        places=decision.places,
        accepts=decision.acceptance,
        wins=decision.acceptance * decision.win_alone,
    )


def _order(
    policy: Policy, scored: Sequence[Scored], *, request: Request, places: int
) -> tuple[Vector, Flags]:
    """Return for each candidate how likely it was to be offered, and whether it was."""
    position = {one.candidate.provider_id: number for number, one in enumerate(scored)}
    propensities, offered = np.zeros(len(scored)), np.zeros(len(scored), dtype=bool)
    for ranked in policy.order(scored, request=request, places=places):
        number = position[ranked.candidate.provider_id]
        propensities[number], offered[number] = ranked.propensity, ranked.rank <= places
    return propensities, offered
