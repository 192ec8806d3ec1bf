"""What is known of a provider at the instant of an offer, as numbers for ranking.

Every feature is dimensionless, lies in 0..1 and grows with what it is named for; ``FEATURES`` says of each
where it comes from and which value stands in when its source is missing, so that being new is neither a fault
nor a merit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.matching.track_record import Record
from backend.matching.values import Request

__all__ = [
    "FEATURES",
    "NEUTRAL_RATING",
    "Facts",
    "Feature",
    "expected_acceptance",
    "expected_response_h",
    "expected_win_rate",
    "measure",
]

# The rating, 1 to 5, assumed of a provider that has none: below what reviewed providers usually have, so that
# good reviews count, and far above bad ones.
NEUTRAL_RATING = 3.8

# Time scales, in days: after one of them a feature has gone 63 % of its way to 1.
IDLE_SCALE_DAYS = 7
TENURE_SCALE_DAYS = 180

# Likewise in offers.
EXPERIENCE_SCALE_OFFERS = 50

# A provider is taken for the mean of its category until it has this many events of its own: then half and half.
SMOOTHING_EVENTS = 6

# What a category is taken for as long as nothing has happened in it.
NEUTRAL_ACCEPTANCE = 0.45
NEUTRAL_WIN_RATE = 1 / 3
NEUTRAL_RESPONSE_H = 6.0

# The response time, in hours, that counts half.
RESPONSE_SCALE_H = 4

# Waiting for an opening counts by the hour up to this many.
WAIT_MAX_H = 24


NOTHING = Record()


@dataclass(frozen=True, slots=True)
class Facts:
    """One provider's row as the search found it; None where nothing is known.

    ``record`` is the provider's in the category, as of ``record_at``; ``category_record`` that of all of them.
    """

    distance_km: float
    radius_km: float
    open_offers: int
    open_offers_max: int
    offers_total: int
    typical_price: Decimal | None
    rating: float | None
    created_at: datetime
    last_offered_at: datetime | None
    opening_at: datetime | None
    record: Record = NOTHING
    record_at: datetime | None = None
    category_record: Record = NOTHING


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that ranking sees.

    ``unit`` is what it is measured in before it is brought to 0..1, ``source`` the tables that it is read from, and
    ``missing`` says when there is none.  ``neutral`` stands in then (``compute`` returns None), or when the value is no
    number.
    """

    name: str
    description: str
    neutral: float
    compute: Callable[[Facts, Request], float | None]
    unit: str
    source: str
    missing: str


def _days_between(earlier: datetime, later: datetime) -> float:
    """Return the time that has passed, in days; an earlier instant in the future counts as now."""
    return max(0.0, (later - earlier).total_seconds() / 86_400)


def _saturate(amount: float, *, scale: float) -> float:
    """Map 0..∞ to 0..1: 0 stays 0, ``scale`` becomes 0.63."""
    return -math.expm1(-amount / scale)


def _distance_ratio(facts: Facts, _: Request) -> float:
    return min(1.0, facts.distance_km / facts.radius_km)


def _load_ratio(facts: Facts, _: Request) -> float:
    return min(1.0, facts.open_offers / max(1, facts.open_offers_max))


def _price_fit(facts: Facts, request: Request) -> float | None:
    if request.budget is None or not facts.typical_price:
        return None
    return min(1.0, max(0.0, 2 * float(request.budget / facts.typical_price) - 1))


def _rating(facts: Facts, _: Request) -> float | None:
    return None if facts.rating is None else (facts.rating - 1) / 4


def _idle(facts: Facts, request: Request) -> float | None:
    if facts.last_offered_at is None:
        return None
    return _saturate(_days_between(facts.last_offered_at, request.at), scale=IDLE_SCALE_DAYS)


def _tenure(facts: Facts, request: Request) -> float:
    return _saturate(_days_between(facts.created_at, request.at), scale=TENURE_SCALE_DAYS)


def _experience(facts: Facts, _: Request) -> float:
    return _saturate(facts.offers_total, scale=EXPERIENCE_SCALE_OFFERS)


def _open_soon(facts: Facts, request: Request) -> float:
    if facts.opening_at is None:
        return 0.0
    return max(0.0, 1 - 24 * _days_between(request.at, facts.opening_at) / WAIT_MAX_H)


def _faded(facts: Facts, request: Request) -> Record:
    """Return what is left of a provider's record at the request."""
    if facts.record_at is None:
        return NOTHING
    return facts.record.faded(by=request.at - facts.record_at)


def _smooth(total: float, count: float, *, mean: float) -> float:
    """Return a mean over events, as if ``SMOOTHING_EVENTS`` more had been as the category's mean."""
    return (total + SMOOTHING_EVENTS * mean) / (count + SMOOTHING_EVENTS)


def expected_acceptance(own: Record, category: Record) -> float:
    """Return the share of answered offers that a provider is taken to accept; ``own`` as it has faded by now."""
    mean = _smooth(category.accepted, category.answered, mean=NEUTRAL_ACCEPTANCE)
    return _smooth(own.accepted, own.answered, mean=mean)


def expected_win_rate(own: Record, category: Record) -> float:
    """Return the share of accepted leads that a provider is taken to win."""
    mean = _smooth(category.won, category.finished, mean=NEUTRAL_WIN_RATE)
    return _smooth(own.won, own.finished, mean=mean)


def expected_response_h(own: Record, category: Record) -> float:
    """Return the hours that a provider is taken to need for an answer: a geometric mean."""
    mean = _smooth(category.log_hours, category.responses, mean=math.log1p(NEUTRAL_RESPONSE_H))
    return math.expm1(_smooth(own.log_hours, own.responses, mean=mean))


def _acceptance(facts: Facts, request: Request) -> float:
    return expected_acceptance(_faded(facts, request), facts.category_record)


def _win_rate(facts: Facts, request: Request) -> float:
    return expected_win_rate(_faded(facts, request), facts.category_record)


def _responsiveness(facts: Facts, request: Request) -> float:
    response_h = expected_response_h(_faded(facts, request), facts.category_record)
    return 1 / (1 + response_h / RESPONSE_SCALE_H)


# Where nothing can be missing: a track record is smoothed towards its category's.
_NEVER_MISSING = "Never."
_SMOOTHED = "Never: who has no offers is taken for the category's mean."

FEATURES = (
    Feature(
        "distance_ratio",
        "Distance from the provider's centre over the radius of its service area: 0 centre, 1 rim.",
        0.5,
        _distance_ratio,
        unit="km of km",
        source="place of the lead; place and radius of the provider",
        missing=_NEVER_MISSING,
    ),
    Feature(
        "load_ratio",
        "Open offers over how many it may have: 0 idle, 1 full.",
        0.0,
        _load_ratio,
        unit="offers of offers",
        source="the provider's load and limits",
        missing=_NEVER_MISSING,
    ),
    Feature(
        "price_fit",
        "Budget over what the provider usually charges for the category: 1 when the budget is enough, 0 from "
        "half of it down.",
        0.75,
        _price_fit,
        unit="money of money",
        source="budget of the lead; typical price of the provider in the category",
        missing="Without a budget or a typical price.",
    ),
    Feature(
        "rating",
        "Mean of its reviews from 1 to 5, as 0..1.",
        (NEUTRAL_RATING - 1) / 4,
        _rating,
        unit="stars",
        source="rating of the provider",
        missing="While there are no reviews.",
    ),
    Feature(
        "idle",
        "Time since its last offer: 0 just now, 0.63 after 7 days.",
        1.0,
        _idle,
        unit="days",
        source="the provider's load",
        missing="When it never had an offer, which counts as long ago.",
    ),
    Feature(
        "tenure",
        "Time since it joined: 0 today, 0.63 after 180 days.",
        0.0,
        _tenure,
        unit="days",
        source="when the provider's profile was made",
        missing=_NEVER_MISSING,
    ),
    Feature(
        "experience",
        "Offers it ever got: 0 none, 0.63 after 50.",
        0.0,
        _experience,
        unit="offers",
        source="the provider's load",
        missing=_NEVER_MISSING,
    ),
    Feature(
        "open_soon",
        "How soon it is open: 1 now, falling by the hour to 0 when it opens in 24 hours or later.",
        1.0,
        _open_soon,
        unit="hours",
        source="opening hours of the provider, in its time zone",
        missing="Never: who is not known to open counts as opening in 24 hours or later.",
    ),
    Feature(
        "acceptance",
        "Share of its answered offers in the category that it accepted; fades with a half-life of 90 days, smoothed "
        "towards the category.",
        NEUTRAL_ACCEPTANCE,
        _acceptance,
        unit="offers of offers",
        source="track records of the provider and of the category",
        missing=_SMOOTHED,
    ),
    Feature(
        "responsiveness",
        "How fast it answers, by the geometric mean of its response times: 1 at once, 0.5 after 4 hours; fades and is "
        "smoothed likewise.",
        1 / (1 + NEUTRAL_RESPONSE_H / RESPONSE_SCALE_H),
        _responsiveness,
        unit="hours",
        source="track records of the provider and of the category",
        missing=_SMOOTHED,
    ),
    Feature(
        "win_rate",
        "Share of the leads that it accepted in the category, and whose clients have chosen, that it won; fades and is "
        "smoothed likewise.",
        NEUTRAL_WIN_RATE,
        _win_rate,
        unit="leads of leads",
        source="track records of the provider and of the category",
        missing=_SMOOTHED,
    ),
)


def measure(facts: Facts, *, request: Request) -> Mapping[str, float]:
    """Return every feature by name; the neutral value where there is no number."""
    features = {}
    for feature in FEATURES:
        value = feature.compute(facts, request)
        features[feature.name] = feature.neutral if value is None or not math.isfinite(value) else value
    return features
