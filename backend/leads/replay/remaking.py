"""One past decision made anew: the order in which an alternative asks, and how likely it offers to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.leads.replay.alternative import Alternative
from backend.leads.replay.past_decisions import PastCandidate, PastDecision
from backend.leads.terms import Terms
from backend.matching.off_policy import Slate
from backend.matching.policy import Balanced, rank_candidates

__all__ = ["Remade", "remake"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Remade:
    """A decision made anew.

    ``order`` has its candidates, whom the alternative asks first at the front, and the arrays are in that order:
    ``target`` how likely the alternative offers to each, ``logged`` how likely the log did, ``accepts`` and ``wins``
    what the model of the time expected.  ``places`` is how many offers the alternative makes.
    """

    past: PastDecision
    terms: Terms
    version: str
    places: int
    order: tuple[PastCandidate, ...]
    target: Vector
    logged: Vector
    accepts: Vector
    wins: Vector

    @property
    def offered(self) -> NDArray[np.bool_]:
        """Return who was offered the lead, in the order of the alternative."""
        return np.array([one.outcome is not None for one in self.order], dtype=np.bool_)

    def logged_order(self) -> tuple[Vector, Vector]:
        """Return how likely each accepts, and wins then, in the order in which the log asked."""
        accepts = np.array([one.accepts for one in self.past.candidates], dtype=np.float64)
        return accepts, np.array([one.wins for one in self.past.candidates], dtype=np.float64)

    def slate_of_accepts(self) -> Slate:
        """Return the decision as evidence of how many accept."""
        accepted = [one.outcome is not None and one.outcome.accepted for one in self.order]
        return Slate(
            self.logged, self.target, self.offered, np.array(accepted, dtype=np.float64), self.accepts
        )

    def slate_of_wins(self) -> Slate:
        """Return the decision as evidence of how many win."""
        won = [one.outcome is not None and one.outcome.won for one in self.order]
        return Slate(
            self.logged, self.target, self.offered, np.array(won, dtype=np.float64), self.accepts * self.wins
        )


def remake(past: PastDecision, alternative: Alternative) -> Remade:
    """Make a past decision as the alternative would."""
    terms = alternative.book.of(past.request.category_id)
    places = min(terms.places, terms.offers_max)
    known = {one.candidate.provider_id: one for one in past.candidates}
    ranking = rank_candidates(
        past.request,
        [one.candidate for one in past.candidates],
        model=alternative.model,
        policy=alternative.policy or Balanced(terms.exploration),
        places=places,
    )
    order = tuple(known[entry.candidate.provider_id] for entry in ranking.ranked)
    return Remade(
        past=past,
        terms=terms,
        version=ranking.version,
        places=places,
        order=order,
        target=np.array([entry.propensity for entry in ranking.ranked], dtype=np.float64),
        logged=np.array([one.propensity for one in order], dtype=np.float64),
        accepts=np.array([one.accepts for one in order], dtype=np.float64),
        wins=np.array([one.wins for one in order], dtype=np.float64),
    )
