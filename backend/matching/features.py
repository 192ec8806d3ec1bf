"""What is known of a provider at the instant of an offer, as numbers for ranking.

Every feature is dimensionless, lies in 0..1 and grows with what it is named for; ``FEATURES`` says of each
where it comes from and which value stands in when its source is missing, so that being new is neither a fault
nor a merit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.feature_table import Features, FeatureTable
from backend.matching.track_record import Sums
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

Vector = NDArray[np.float64]

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


DAY_S = 86_400
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Facts:
    """What the search found, in columns: a row for each provider, NaN where nothing is known.

    Instants are in seconds since 1970.  ``own`` are the sums of each provider in the category, as they have faded by
    the request; ``average`` those of all providers.
    """

    distance_km: Vector
    radius_km: Vector
    open_offers: Vector
    open_offers_max: Vector
    offers_total: Vector
    typical_price: Vector
    rating: Vector
    created_at: Vector
    last_offered_at: Vector
    opening_at: Vector
    own: Sums
    average: Sums


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that ranking sees.

    ``compute`` returns it for each provider.  ``unit`` is what it is measured in before it is brought to 0..1,
    ``source`` the tables that it is read from, and ``missing`` says when there is none.  ``neutral`` stands in then
    (``compute`` returns NaN), or when the value is no number.
    """

    name: str
    description: str
    neutral: float
    compute: Callable[[Facts, Request], Vector]
    unit: str
    source: str
    missing: str


def _days_between(earlier: Vector | float, later: Vector | float) -> Vector:
    """Return the time that has passed, in days; an earlier instant in the future counts as now."""
    return np.maximum(0.0, np.subtract(later, earlier) / DAY_S)


def _saturate(amount: Vector, *, scale: float) -> Vector:
    """Map 0..∞ to 0..1: 0 stays 0, ``scale`` becomes 0.63."""
    return -np.expm1(-amount / scale)


def _distance_ratio(facts: Facts, _: Request) -> Vector:
    return np.minimum(1.0, facts.distance_km / facts.radius_km)


def _load_ratio(facts: Facts, _: Request) -> Vector:
    return np.minimum(1.0, facts.open_offers / np.maximum(1, facts.open_offers_max))


def _price_fit(facts: Facts, request: Request) -> Vector:
    if request.budget is None:
        return np.full_like(facts.typical_price, np.nan)
    price = np.where(facts.typical_price == 0, np.nan, facts.typical_price)
    return np.clip(2 * (float(request.budget) / price) - 1, 0.0, 1.0)


def _rating(facts: Facts, _: Request) -> Vector:
    return (facts.rating - 1) / 4


def _idle(facts: Facts, request: Request) -> Vector:
    return _saturate(_days_between(facts.last_offered_at, request.at.timestamp()), scale=IDLE_SCALE_DAYS)


def _tenure(facts: Facts, request: Request) -> Vector:
    return _saturate(_days_between(facts.created_at, request.at.timestamp()), scale=TENURE_SCALE_DAYS)


def _experience(facts: Facts, _: Request) -> Vector:
    return _saturate(facts.offers_total, scale=EXPERIENCE_SCALE_OFFERS)


def _open_soon(facts: Facts, request: Request) -> Vector:
    wait_h = _days_between(request.at.timestamp(), facts.opening_at) * DAY_S / HOUR_S
    return np.nan_to_num(np.maximum(0.0, 1 - wait_h / WAIT_MAX_H), nan=0.0)


def _smooth(total: Vector, count: Vector, *, mean: Vector | float) -> Vector:
    """Return means over events, as if ``SMOOTHING_EVENTS`` more had been as the category's mean."""
    return (total + SMOOTHING_EVENTS * mean) / (count + SMOOTHING_EVENTS)


def expected_acceptance(own: Sums, category: Sums) -> Vector:
    """Return the shares of answered offers that providers are taken to accept; ``own`` as it has faded by now."""
    mean = _smooth(category.accepted, category.answered, mean=NEUTRAL_ACCEPTANCE)
    return _smooth(own.accepted, own.answered, mean=mean)


def expected_win_rate(own: Sums, category: Sums) -> Vector:
    """Return the shares of accepted leads that providers are taken to win."""
    mean = _smooth(category.won, category.finished, mean=NEUTRAL_WIN_RATE)
    return _smooth(own.won, own.finished, mean=mean)


def expected_response_h(own: Sums, category: Sums) -> Vector:
    """Return the hours that providers are taken to need for an answer: geometric means."""
    mean = _smooth(category.log_hours, category.responses, mean=math.log1p(NEUTRAL_RESPONSE_H))
    return np.expm1(_smooth(own.log_hours, own.responses, mean=mean))


def _acceptance(facts: Facts, _: Request) -> Vector:
    return expected_acceptance(facts.own, facts.average)


def _win_rate(facts: Facts, _: Request) -> Vector:
    return expected_win_rate(facts.own, facts.average)


def _responsiveness(facts: Facts, _: Request) -> Vector:
    response_h = expected_response_h(facts.own, facts.average)
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


_NAMES = tuple(feature.name for feature in FEATURES)
_NEUTRAL = np.array([feature.neutral for feature in FEATURES])


def measure(facts: Facts, *, request: Request) -> list[Features]:
    """Return every feature by name, for each provider; the neutral value where there is no number."""
    values = np.column_stack([feature.compute(facts, request) for feature in FEATURES])
    return FeatureTable(_NAMES, np.where(np.isfinite(values), values, _NEUTRAL)).list_rows()
