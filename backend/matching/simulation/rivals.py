"""The policies that meet in a market: what anybody would try first, ours, and the best that ranking could do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.exploration import Exploration
from backend.matching.learning.artifact import Artifact
from backend.matching.learning.training import EXAMPLES_MIN, Examples, train
from backend.matching.policy import Balanced, rank_candidates
from backend.matching.ranking import ExpertWeights, Ranker, feature_matrix
from backend.matching.simulation.decision import Decision
from backend.matching.simulation.draws import Stream, draw_uniform
from backend.matching.simulation.settings import OfferTerms
from backend.matching.values import Ranking

__all__ = [
    "BOUND",
    "OURS",
    "ROUND_ROBIN",
    "Bound",
    "Distance",
    "Example",
    "Order",
    "Ours",
    "RandomOrder",
    "Rival",
    "RoundRobin",
    "Rules",
    "list_rivals",
]

Vector = NDArray[np.float64]

ROUND_ROBIN = "round robin"
OURS = "ours"
BOUND = "true probabilities, waves, discount"


@dataclass(frozen=True, slots=True)
class Example:
    """An answered offer as training reads it; ``won`` None as long as the client has not chosen."""

    at_h: float
    features: Vector
    accepted: bool
    won: bool | None


@dataclass(frozen=True, slots=True)
class Order:
    """Positions of all candidates, best first; ``propensities`` by position: the chance to be among the places."""

    positions: Sequence[int]
    propensities: Sequence[float] | None = None


class Rival:
    """A policy: an order for each decision; with ``in_waves`` it decides again whenever a place becomes free."""

    learns = False

    def __init__(self, name: str, *, in_waves: bool = False) -> None:
        self.name = name
        self.in_waves = in_waves

    def order(self, decision: Decision) -> Order:
        """Return the order in which candidates are asked."""
        raise NotImplementedError

    def learn(self, examples: Sequence[Example]) -> None:
        """Learn from the answered offers so far, at the end of a week."""


class RandomOrder(Rival):
    """By lot."""

    def order(self, decision: Decision) -> Order:
        """Return an order by chance."""
        return Order(np.argsort(_lots(decision)).tolist())


class RoundRobin(Rival):
    """Whoever was offered something longest ago; those that never were come first, by lot."""

    def order(self, decision: Decision) -> Order:
        """Return the order of the last offers."""
        return Order(np.lexsort((_lots(decision), decision.last_offered_h)).tolist())


class Distance(Rival):
    """The nearest first."""

    def order(self, decision: Decision) -> Order:
        """Return the order of distances."""
        return Order(np.argsort(decision.distance_km, kind="stable").tolist())


class Rules(Rival):
    """The experts' weights as they are: nothing learned, no discount."""

    def order(self, decision: Decision) -> Order:
        """Return the order of the experts' probability of a win."""
        wins = [scored.wins for scored in ExpertWeights().rank(decision.candidates)]
        return Order(np.lexsort((_lots(decision), -np.array(wins))).tolist())


class Bound(Rival):
    """What ranking could do at best: it knows the probabilities, though not the luck."""

    def order(self, decision: Decision) -> Order:
        """Return the order of true probabilities times the discount for capacity in use."""
        discount = -np.expm1(np.minimum(1.0, decision.situation.load_ratio) - 1)
        return Order(np.argsort(-decision.acceptance * decision.win_alone * discount, kind="stable").tolist())


class Ours(Rival):
    """What the marketplace runs: its features, its model trained every week on its own past, its policy."""

    learns = True

    def __init__(self, name: str, *, in_waves: bool = True, exploration: Exploration | None = None) -> None:
        super().__init__(name, in_waves=in_waves)
        self._policy = Balanced(exploration)
        self.model: Ranker = ExpertWeights()
        self._weeks = 0

    def rank(self, decision: Decision) -> Ranking:
        """Rank by the code that serves."""
        return rank_candidates(
            decision.request,
            decision.candidates,
            model=self.model,
            policy=self._policy,
            places=decision.places,
        )

    def order(self, decision: Decision) -> Order:
        """Return the order of the ranking that is served."""
        ranked = self.rank(decision).ranked
        position = {candidate.provider_id: place for place, candidate in enumerate(decision.candidates)}
        positions = [position[one.candidate.provider_id] for one in ranked]
        chances = dict(zip(positions, (one.propensity for one in ranked), strict=True))
        return Order(positions, [chances[place] for place in range(len(positions))])

    def learn(self, examples: Sequence[Example]) -> None:
        """Train as ``train_ranking`` does, and promote what predicts better than the experts."""
        self._weeks += 1
        artifact = train_on(examples)
        if artifact is not None:
            self.model = artifact.as_model(f"week/{self._weeks}")


def train_on(examples: Sequence[Example]) -> Artifact | None:
    """Return what training makes of examples; None: too few, or it is no better than the experts' weights."""
    if len(examples) < EXAMPLES_MIN:
        return None
    accept = _examples_of([(one.features, one.accepted) for one in examples])
    win = _examples_of([(one.features, one.won) for one in examples if one.won is not None])
    artifact, accepting, _winning = train(accept, win)
    return artifact if accepting.learned.log_loss < accepting.experts.log_loss else None


def list_rivals(terms: OfferTerms) -> tuple[Rival, ...]:
    """Return all policies, fresh, in the order in which they are printed."""
    return (
        RandomOrder("random"),
        RoundRobin(ROUND_ROBIN),
        RoundRobin("round robin, waves", in_waves=True),
        Distance("distance"),
        Rules("expert rules"),
        Ours("ours, without waves", in_waves=False, exploration=terms.exploration),
        Ours(OURS, exploration=terms.exploration),
        Bound(BOUND, in_waves=True),
    )


def _examples_of(rows: Sequence[tuple[Vector, bool]]) -> Examples:
    if not rows:
        return Examples(feature_matrix([]), np.zeros(0))
    return Examples(
        np.array([row for row, _ in rows]), np.array([outcome for _, outcome in rows], dtype=np.float64)
    )


def _lots(decision: Decision) -> Vector:
    situation = decision.situation
    return draw_uniform(decision.seed, Stream.ORDER, situation.lead, situation.providers)
