"""Some leads side by side: whom the log offered each, and whom the alternative would."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.leads.replay.past_decisions import Outcome
from backend.leads.replay.remaking import Remade

__all__ = ["Example", "ExampleOffer", "Examples"]

EXAMPLES_MAX = 6


@dataclass(frozen=True, slots=True)
class ExampleOffer:
    """One offer of an example.

    ``outcome`` is ``won``, ``accepted``, ``not accepted`` or ``open``; "" where it was never made.  ``propensity`` is
    how likely the policy of its side offers it, ``wins`` how likely that ends in a win, by the model of the time.
    """

    provider_id: int
    name: str
    propensity: float
    wins: float
    outcome: str
    is_on_both: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One lead: offers as they were made, best first, and as the alternative would make them."""

    lead_id: int
    reference: str
    at: str
    logged: tuple[ExampleOffer, ...]
    target: tuple[ExampleOffer, ...]


@dataclass(slots=True)
class Examples:
    """The leads whose offers differ most, the latest of them first; no more than ``EXAMPLES_MAX`` are kept."""

    _kept: list[tuple[int, str, int, Example]] = field(default_factory=list)

    def add(self, remade: Remade) -> None:
        """Keep a decision as an example, if it differs and few differ more."""
        logged = {one.candidate.provider_id for one in remade.past.candidates if one.outcome is not None}
        target = {one.candidate.provider_id for one in remade.order[: remade.places]}
        differing = len(logged ^ target)
        if not differing:
            return
        past = remade.past
        rank = (differing, past.request.at.isoformat(), past.lead_id)
        if len(self._kept) < EXAMPLES_MAX or rank > self._kept[0][:3]:
            heapq.heappush(self._kept, (*rank, _example_of(remade, both=logged & target)))
            if len(self._kept) > EXAMPLES_MAX:
                heapq.heappop(self._kept)

    def list_all(self) -> tuple[Example, ...]:
        """Return them, those that differ most first."""
        return tuple(entry[3] for entry in sorted(self._kept, reverse=True))


def _example_of(remade: Remade, *, both: set[int]) -> Example:
    past = remade.past
    return Example(
        lead_id=past.lead_id,
        reference=past.request.key,
        at=past.request.at.isoformat(),
        logged=tuple(_logged_offers(remade, both)),
        target=tuple(_target_offers(remade, both)),
    )


def _logged_offers(remade: Remade, both: set[int]) -> Iterator[ExampleOffer]:
    for one in remade.past.candidates:
        if one.outcome is not None:
            provider_id = one.candidate.provider_id
            yield ExampleOffer(
                provider_id,
                one.candidate.company_name,
                one.propensity,
                one.accepts * one.wins,
                _name(one.outcome),
                is_on_both=provider_id in both,
            )


def _target_offers(remade: Remade, both: set[int]) -> Iterator[ExampleOffer]:
    for one, propensity in zip(remade.order[: remade.places], remade.target.tolist(), strict=False):
        provider_id = one.candidate.provider_id
        yield ExampleOffer(
            provider_id,
            one.candidate.company_name,
            propensity,
            one.accepts * one.wins,
            _name(one.outcome),
            is_on_both=provider_id in both,
        )


def _name(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.is_open:
        return "open"
    if outcome.won:
        return "won"
    return "accepted" if outcome.accepted else "not accepted"
