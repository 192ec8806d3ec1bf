"""What the model knows of leads, offers, providers and terms: plain values, written without a look at the code."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field

# What is built in, of what the model reckons with.
BUILT_IN = {
    "places": 5,
    "accepted_max": 3,
    "accepted_enough": 2,
    "told_max": 20,
    "offers_max": 15,
    "waves_max": 30,
}
LEAD_OPEN_FOR = datetime.timedelta(days=30)
DUPLICATE_WITHIN = datetime.timedelta(days=30)

STANDING = ("new", "verified", "quoted", "won")
OFFERED = ("verified", "quoted")
TAKING = ("offered", "accepted", "won")
ACCEPTED = ("accepted", "won")

# Which rules staff may lift when they assign by hand; the others are final.
LIFTED = {"too_far", "day_full", "month_full"}


@dataclass(slots=True)
class ExpectedOffer:
    id: int
    provider: int
    expires_at: datetime.datetime
    state: str = "offered"


@dataclass(slots=True)
class ExpectedLead:
    id: int
    category: int
    city: int
    contact: str
    created_at: datetime.datetime
    deadline_at: datetime.datetime
    is_confirmed: bool
    state: str = "new"
    version: int = 1
    waves: int = 0
    duplicate_of: int | None = None
    offers: dict[int, ExpectedOffer] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)

    def count(self, states: tuple[str, ...]) -> int:
        return sum(offer.state in states for offer in self.offers.values())

    @property
    def has_live_offers(self) -> bool:
        return self.count(("offered", "accepted")) > 0


@dataclass(slots=True)
class ExpectedProvider:
    id: int
    categories: frozenset[int]
    city: int
    open_max: int
    day_max: int
    month_max: int = 200
    state: str = "active"
    open: int = 0
    on_day: Counter[datetime.date] = field(default_factory=Counter)

    def take(self, at: datetime.datetime) -> None:
        self.open += 1
        self.on_day[at.date()] += 1

    def failed_limits(self, at: datetime.datetime) -> set[str]:
        """Return the rules by which it takes nothing more at that time, whatever is asked for."""
        in_month = sum(n for day, n in self.on_day.items() if (day.year, day.month) == (at.year, at.month))
        failed = {
            "not_active": self.state != "active",
            "open_offers_full": self.open >= self.open_max,
            "day_full": self.on_day[at.date()] >= self.day_max,
            "month_full": in_month >= self.month_max,
        }
        return {code for code, fails in failed.items() if fails}


@dataclass(slots=True)
class ExpectedTerms:
    """One version of the terms: ``category`` None is the market; ``said`` what it says."""

    id: int
    category: int | None
    said: dict[str, int]
    based_on: int | None
    state: str = "draft"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the log, with what was made by it."""

    machine: str
    id: int
    transition: str
    target: str
    actor: str

    @property
    def is_by_system(self) -> bool:
        return self.actor.startswith("system:")


@dataclass(frozen=True, slots=True)
class MadeOffer:
    """An offer as it was made."""

    id: int
    lead: int
    provider: int
    was_claimed: bool
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class MadeDecision:
    """What a wave decided: whom it offers the lead and whom it tells."""

    lead: int
    wave: int
    offered: frozenset[int]
    told: frozenset[int]
