"""The values that go in and out of matching: frozen, and free of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from backend.matching.parts import Part

__all__ = ["Candidate", "Exclusion", "Judgement", "Part", "Ranked", "Ranking", "Request", "Scored", "Search"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, where and when, as matching needs to know it.

    ``latitude`` and ``longitude`` are in degrees; ``at`` is the instant of routing, and a provider that opens
    only at ``deadline`` or later is of no use (None: any opening can be waited for).  An empty ``language``
    is unknown, and nobody is excluded by it.  ``key`` is a stable text such as the lead's reference: it
    breaks ties.  ``already_offered`` holds the ids of providers that had this request before; ``wave`` counts
    its routings from 1: with the key it decides what is drawn by chance.

    Raises: ValueError when an instant is naive or the place is off the globe.
    """

    category_id: int
    latitude: float
    longitude: float
    budget: Decimal | None
    language: str
    urgency: str
    at: datetime
    deadline: datetime | None
    key: str
    client_user_id: int | None = None
    already_offered: frozenset[int] = frozenset()
    wave: int = 1

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or (self.deadline is not None and self.deadline.tzinfo is None):
            raise ValueError(f"Cannot route request {self.key!r} at a naive datetime: name its time zone.")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(
                f"Cannot route request {self.key!r} to ({self.latitude}, {self.longitude}): "
                "latitude goes from -90 to 90, longitude from -180 to 180."
            )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that may have the request, with what ranking and policy know of it.

    ``features`` are named and explained in ``features.FEATURES``; ``last_offered_at`` None means never,
    and ``offers_total`` counts the offers it ever had.  ``opening_at`` is the first instant from the request on at
    which it is open; None: not known.
    """

    provider_id: int
    user_id: int
    company_name: str
    distance_km: float
    open_offers: int
    open_offers_max: int
    last_offered_at: datetime | None
    offers_total: int
    features: Mapping[str, float]
    opening_at: datetime | None = None


# A named tuple, like those below: each decision makes hundreds, and a frozen dataclass takes four times as long.
class Exclusion(NamedTuple):
    """A provider that may not have the request, and the first rule that says so."""

    provider_id: int
    company_name: str
    rule_code: str
    distance_km: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One provider judged by every rule: what ranking would know of it, and the codes of all rules that it fails."""

    candidate: Candidate
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What one search found.

    ``eligible`` and ``excluded`` list the first few hundred each; ``eligible_count`` and ``counts`` (rule
    code to number of providers) count everybody found, also those not listed.
    """

    eligible: tuple[Candidate, ...]
    excluded: tuple[Exclusion, ...]
    eligible_count: int
    counts: Mapping[str, int]


class Scored(NamedTuple):
    """A candidate with the probability that it accepts, by a model, and the parts of its log-odds.

    ``win_probability`` is that of winning once it has accepted.
    """

    candidate: Candidate
    probability: float
    parts: Sequence[Part]
    win_probability: float = 1.0

    @property
    def wins(self) -> float:
        """Return the probability that an offer to it ends in a win."""
        return self.probability * self.win_probability


class Ranked(NamedTuple):
    """A candidate in its place: rank 1 is asked first.

    ``score`` is ``probability × win_probability × discount``: the model's probability that it accepts, whose log-odds
    are the sum of ``parts`` (before calibration), times that of winning then, times the policy's discount for
    capacity in use.  ``propensity`` is the probability with which the policy
    puts the candidate among the first, those to be asked: also where this draw did not.
    """

    candidate: Candidate
    rank: int
    score: float
    parts: Sequence[Part]
    propensity: float
    probability: float
    discount: float
    win_probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates in order, and the versions of policy and model that ordered them."""

    ranked: tuple[Ranked, ...]
    version: str
