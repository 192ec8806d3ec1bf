"""Who is offered how much under either policy: by provider, and how evenly it is shared out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.leads.replay.remaking import Remade
from backend.matching.inequality import gini
from backend.users.models import ProviderProfile

__all__ = ["NEW_FOR", "Fairness", "Mover", "Sharing", "Tally"]

NEW_FOR = timedelta(weeks=8)
"""A provider is new for so long after it joined."""

MOVERS_MAX = 10

# A tenth of an offer is noise of rounding, nobody's gain.
_CHANGE_MIN = 0.1


@dataclass(frozen=True, slots=True)
class Mover:
    """A provider that gains or loses: offers, and wins as predicted, over the whole period."""

    provider_id: int
    name: str
    offers_logged: float
    offers_target: float
    wins_logged: float
    wins_target: float

    @property
    def change(self) -> float:
        """Return how many offers more it has."""
        return self.offers_target - self.offers_logged


@dataclass(frozen=True, slots=True)
class Sharing:
    """How evenly offers are shared out among all who could have had one.

    ``gini_offers`` and ``gini_wins`` are 0 where all have the same and 1 where one has all; ``new_without`` is how many
    of the new providers expect no offer.
    """

    gini_offers: float
    gini_wins: float
    new_without: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """Sharing under either policy; ``providers`` could have been offered something, ``new`` of them are new."""

    providers: int
    new: int
    logged: Sharing
    target: Sharing
    gainers: tuple[Mover, ...]
    losers: tuple[Mover, ...]


@dataclass(slots=True)
class _Sums:
    offers_logged: float = 0.0
    offers_target: float = 0.0
    wins_logged: float = 0.0
    wins_target: float = 0.0
    # Logarithm of the probability that the target offers it nothing.
    nothing: float = 0.0

    def to_mover(self, provider_id: int, name: str) -> Mover:
        """Return the sums as they are shown."""
        return Mover(
            provider_id, name, self.offers_logged, self.offers_target, self.wins_logged, self.wins_target
        )


@dataclass(slots=True)
class Tally:
    """Sums by provider, added to decision by decision: as large as there are providers, however long the log."""

    _sums: dict[int, _Sums] = field(default_factory=dict)

    def add(self, remade: Remade) -> None:
        """Count one decision."""
        expected = remade.accepts * remade.wins
        rows = zip(remade.order, remade.target.tolist(), remade.offered.tolist(), expected, strict=True)
        for one, target, offered, wins in rows:
            sums = self._sums.setdefault(one.candidate.provider_id, _Sums())
            sums.offers_logged += offered
            sums.offers_target += target
            sums.wins_logged += offered * wins
            sums.wins_target += target * wins
            sums.nothing += math.log1p(-target) if target < 1 else -math.inf

    def judge(self, *, at: datetime) -> Fairness:
        """Return how it is shared out, new being who joined within ``NEW_FOR`` before an instant: one statement."""
        profiles = ProviderProfile.objects.filter(pk__in=self._sums)
        known = {row[0]: row for row in profiles.values_list("pk", "company_name", "created_at")}
        new = [sums for pk, sums in self._sums.items() if pk in known and known[pk][2] >= at - NEW_FOR]
        movers = [
            sums.to_mover(pk, known[pk][1] if pk in known else f"#{pk}") for pk, sums in self._sums.items()
        ]
        return Fairness(
            providers=len(movers),
            new=len(new),
            logged=Sharing(
                gini([one.offers_logged for one in movers]),
                gini([one.wins_logged for one in movers]),
                float(sum(not sums.offers_logged for sums in new)),
            ),
            target=Sharing(
                gini([one.offers_target for one in movers]),
                gini([one.wins_target for one in movers]),
                float(sum(math.exp(sums.nothing) for sums in new)),
            ),
            gainers=_most(movers, sign=1),
            losers=_most(movers, sign=-1),
        )


def _most(movers: Iterable[Mover], *, sign: int) -> tuple[Mover, ...]:
    """Return those who gain (1) or lose (-1) most, the most first."""
    moved = [one for one in movers if sign * one.change >= _CHANGE_MIN]
    moved.sort(key=lambda one: (-sign * one.change, one.provider_id))
    return tuple(moved[:MOVERS_MAX])
