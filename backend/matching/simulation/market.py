"""Who is in a market, and what is asked for: drawn once from a seed, the same for every policy.

Times are hours from ``EPOCH``, a Monday at midnight; places are kilometres on a plane.  Arrays have one entry per
provider (``p``), category (``c``), week or lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from backend.matching.simulation.settings import Behaviour, MarketSize

__all__ = ["EPOCH", "HOURS_A_WEEK", "Leads", "Market", "Providers", "at_hour", "make_market", "stars_of"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
HOURS_A_WEEK = 168

# Cities lie so far apart that hardly a service area reaches two.
CITY_GRID_KM = 90
CITY_SD_KM = 9.0
LEAD_SD_KM = 11.0
RADIUS_KM = 18.0

# Who was there before has been so for up to three years, and has some reviews.
TENURE_MAX_H = 3 * 365 * 24
REVIEWS_BEFORE_MAX = 20


@dataclass(frozen=True, slots=True)
class Providers:
    """What can be known of providers (first), and what only they know."""

    x: Vector
    y: Vector
    radius_km: Vector
    joined_h: Vector
    offers: Flags  # p × c
    price: Vector  # p × c
    open_offers_max: Numbers
    offers_a_day_max: Numbers
    opens_in_h: Vector  # p × hour of the week: at its beginning, how long until the provider is open
    rating: Vector  # mean of its first reviews; NaN without any
    reviews: Numbers

    pickiness: Vector
    taste: Vector  # p × c
    mood: Vector  # p × week
    distance: Vector
    price_sense: Vector
    quality: Vector
    skill: Vector  # p × c
    log_response_h: Vector
    silent_share: Vector

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True)
class Leads:
    """What is asked for, in the order of time; ``budget`` is NaN where none was named."""

    at_h: Vector
    category: Numbers
    x: Vector
    y: Vector
    budget: Vector
    is_urgent: Flags
    patience_h: Vector
    decide_h: Vector
    elsewhere: Vector
    plainness: Vector  # how clear and pleasant a request reads, in log-odds of accepting

    def __len__(self) -> int:
        return len(self.at_h)


@dataclass(frozen=True, slots=True)
class Market:
    """One market: everything but what the policies do."""

    seed: int
    size: MarketSize
    behaviour: Behaviour
    providers: Providers
    leads: Leads

    def prices_of(self, who: Numbers, category: int) -> Vector:
        """Return what providers usually charge for a category, as their profiles would have it: in whole cents."""
        return np.asarray(np.floor(100 * self.providers.price[who, category]) / 100)

    def budget_of(self, lead: int) -> Decimal | None:
        """Return the budget that a lead names."""
        budget = self.leads.budget[lead]
        return None if np.isnan(budget) else Decimal(int(100 * budget)) / 100


def make_market(size: MarketSize, *, seed: int, behaviour: Behaviour | None = None) -> Market:
    """Draw a market: the same from the same seed, size and behaviour."""
    people = behaviour or Behaviour()
    generator = np.random.default_rng(seed)
    prices = generator.lognormal(5.0, 0.6, size.categories)
    providers = _make_providers(generator, size, people, prices)
    return Market(seed, size, people, providers, _make_leads(generator, size, people, prices))


def at_hour(hour: float) -> datetime:
    """Return the instant so many hours from the beginning."""
    return EPOCH + timedelta(hours=hour)


def _make_providers(
    generator: np.random.Generator, size: MarketSize, people: Behaviour, prices: Vector
) -> Providers:
    count, categories = size.providers, size.categories
    normal = generator.standard_normal
    x, y = _places(generator, count, size.cities, spread_km=CITY_SD_KM)
    joined_h = -generator.uniform(0, TENURE_MAX_H, count)
    joining = generator.random(count) < size.joining_share
    joined_h[joining] = generator.uniform(0, size.weeks * HOURS_A_WEEK, int(joining.sum()))
    quality = people.quality_sd * normal(count)
    reviews = np.where(joining, 0, generator.integers(0, REVIEWS_BEFORE_MAX + 1, count))
    noise = people.review_sd * normal(count) / np.sqrt(np.maximum(1, reviews))
    return Providers(
        x=x,
        y=y,
        radius_km=RADIUS_KM * np.exp(0.4 * normal(count)),
        joined_h=joined_h,
        offers=_offered(generator, count, categories),
        price=prices * np.exp(0.2 * normal((count, categories)) + 0.08 * quality[:, None]),
        open_offers_max=generator.integers(2, 7, count),
        offers_a_day_max=generator.integers(3, 9, count),
        opens_in_h=_opening_times(generator, count),
        rating=np.where(reviews > 0, np.clip(stars_of(quality) + noise, 1, 5), np.nan),
        reviews=reviews,
        pickiness=people.pickiness_sd * normal(count),
        taste=people.taste_sd * normal((count, categories)),
        mood=_moods(normal((count, size.weeks)), people),
        distance=np.exp(people.distance_sd * normal(count)),
        price_sense=np.exp(people.price_sd * normal(count)),
        quality=quality,
        skill=people.skill_sd * normal((count, categories)),
        log_response_h=np.log(people.response_h) + people.response_sd * normal(count),
        silent_share=_sigmoid(
            np.log(people.silent_share / (1 - people.silent_share)) + people.silent_sd * normal(count)
        ),
    )


def stars_of(quality: Vector) -> Vector:
    """Return the stars, 1 to 5, that clients give on the average: most of them are content."""
    return np.clip(4.1 + 0.45 * quality, 1, 5)


def _make_leads(generator: np.random.Generator, size: MarketSize, people: Behaviour, prices: Vector) -> Leads:
    count = int(generator.poisson(size.leads_a_week * size.weeks))
    normal = generator.standard_normal
    category = generator.choice(size.categories, count, p=_falling(size.categories))
    x, y = _places(generator, count, size.cities, spread_km=LEAD_SD_KM)
    budget = prices[category] * np.exp(0.05 + 0.35 * normal(count))
    budget[generator.random(count) < 0.15] = np.nan
    return Leads(
        at_h=_arrivals(generator, count, size.weeks),
        category=category,
        x=x,
        y=y,
        budget=budget,
        is_urgent=generator.random(count) < 0.25,
        patience_h=people.patience_h * np.exp(people.patience_sd * normal(count)),
        decide_h=np.minimum(people.decide_max_h, people.decide_h * np.exp(people.decide_sd * normal(count))),
        elsewhere=people.elsewhere + people.elsewhere_sd * normal(count),
        plainness=people.plainness_sd * normal(count),
    )


def _places(
    generator: np.random.Generator, count: int, cities: int, *, spread_km: float
) -> tuple[Vector, Vector]:
    """Return places around the middles of cities, the first of which are the largest."""
    city = generator.choice(cities, count, p=_falling(cities))
    x = CITY_GRID_KM * (city % 3) + spread_km * generator.standard_normal(count)
    return x, CITY_GRID_KM * (city // 3) + spread_km * generator.standard_normal(count)


def _falling(count: int) -> Vector:
    """Return shares that fall like 1/√rank: some cities and categories are larger than others."""
    shares = 1 / np.sqrt(np.arange(1, count + 1))
    return np.asarray(shares / shares.sum())


def _offered(generator: np.random.Generator, count: int, categories: int) -> Flags:
    """Return who offers what: one category at least, each further one with a chance of a quarter."""
    offered = generator.random((count, categories)) < 0.25
    offered[np.arange(count), generator.choice(categories, count, p=_falling(categories))] = True
    return offered


def _opening_times(generator: np.random.Generator, count: int) -> Vector:
    """Return for each hour of the week how long it is until a provider is open (0: it is)."""
    hours = np.arange(2 * HOURS_A_WEEK)
    opens, closes = generator.integers(7, 10, (count, 1)), generator.integers(17, 22, (count, 1))
    last_day = np.where(generator.random((count, 1)) < 0.5, 6, 5)  # half of them work on Saturdays
    is_open = (hours % 24 >= opens) & (hours % 24 < closes) & (hours // 24 % 7 < last_day)
    waits = np.zeros((count, 2 * HOURS_A_WEEK))
    for hour in range(2 * HOURS_A_WEEK - 2, -1, -1):
        waits[:, hour] = np.where(is_open[:, hour], 0, waits[:, hour + 1] + 1)
    return waits[:, :HOURS_A_WEEK]


def _moods(steps: Vector, people: Behaviour) -> Vector:
    """Return a stationary autoregression by week."""
    moods = np.empty_like(steps)
    moods[:, 0] = steps[:, 0]
    for week in range(1, steps.shape[1]):
        fresh = np.sqrt(1 - people.mood_memory**2) * steps[:, week]
        moods[:, week] = people.mood_memory * moods[:, week - 1] + fresh
    return people.mood_sd * moods


def _arrivals(generator: np.random.Generator, count: int, weeks: int) -> Vector:
    """Return instants: by day more than at night, most in the evening, less at weekends."""
    hours = np.arange(HOURS_A_WEEK)
    by_day = 0.1 + np.exp(-(((hours % 24 - 11) / 3) ** 2)) + 1.3 * np.exp(-(((hours % 24 - 20) / 2.5) ** 2))
    weights = by_day * np.where(hours // 24 < 5, 1.0, 0.6)
    hour = generator.choice(hours, count, p=weights / weights.sum()) + generator.random(count)
    return np.sort(hour + HOURS_A_WEEK * generator.integers(0, weeks, count))


def _sigmoid(log_odds: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
