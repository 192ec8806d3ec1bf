"""The providers of the demo market: who they are, where they work, what they offer."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from backend.catalog.models import Category
from backend.matching.coverage import refresh_coverage
from backend.procompare.demo.chance import Random, draw, jitter
from backend.procompare.demo.hubs import Hub, draw_hub
from backend.procompare.demo.people import Directory, Person, fold
from backend.procompare.demo.texts import make_company_name
from backend.users.models import ProviderCategory, ProviderProfile, User

__all__ = ["ProviderPlan", "create_providers", "plan_providers"]

# Trades that one business often has together.
TRADES = (
    ("plumbing", "heating"),
    ("heating", "electrics"),
    ("electrics",),
    ("painting", "flooring"),
    ("carpentry", "flooring", "roofing"),
    ("roofing",),
    ("cleaning", "moving", "gardening"),
    ("gardening",),
    ("moving", "cleaning"),
    ("painting", "carpentry", "plumbing"),
    ("tutoring", "music-lessons"),
    ("tutoring", "web-design"),
    ("music-lessons",),
    ("photography", "web-design"),
    ("catering", "photography"),
    ("catering", "cleaning"),
)
OLDEST = datetime.timedelta(days=540)
HOURS = {
    ((0, 0), ()): 0.5,
    ((8, 18), (1, 2, 3, 4, 5)): 0.3,
    ((7, 19), (1, 2, 3, 4, 5, 6)): 0.2,
}


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """One business before it joins; ``profile`` holds the fields of its ``ProviderProfile``."""

    joined_at: datetime.datetime
    owner: Person
    login: str
    hub: Hub
    categories: tuple[str, ...]
    price_level: float
    profile: dict[str, Any] = field(hash=False)


def plan_providers(
    chance: Random, hubs: Sequence[Hub], *, count: int, opened_at: datetime.datetime, as_of: datetime.datetime
) -> list[ProviderPlan]:
    """Make up providers, the first to join first: four in five before the market opened, the others since."""
    directory = Directory()
    plans = [
        _plan_provider(
            chance,
            directory,
            draw_hub(chance, hubs),
            joined_at=_draw_joining(chance, opened_at, as_of),
            as_of=as_of,
        )
        for _number in range(count)
    ]
    return sorted(plans, key=lambda plan: plan.joined_at)


def create_providers(plans: Sequence[ProviderPlan]) -> list[ProviderProfile]:
    """Create planned providers, pending as yet, in a handful of statements.

    Their owners cannot log in: the passwords are unusable.
    """
    owners = User.objects.bulk_create([_user_of(plan) for plan in plans])
    providers = ProviderProfile.objects.bulk_create(
        [
            ProviderProfile(user=owner, created_at=plan.joined_at, state_since=plan.joined_at, **plan.profile)
            for plan, owner in zip(plans, owners, strict=True)
        ]
    )
    categories = {category.slug: category for category in Category.objects.all()}
    ProviderCategory.objects.bulk_create(
        _offering(provider, categories[slug], price_level=plan.price_level)
        for plan, provider in zip(plans, providers, strict=True)
        for slug in plan.categories
    )
    refresh_coverage([provider.pk for provider in providers])
    return providers


def _draw_joining(
    chance: Random, opened_at: datetime.datetime, as_of: datetime.datetime
) -> datetime.datetime:
    if chance.random() < 4 / 5:
        return as_of - OLDEST + chance.random() * (opened_at - (as_of - OLDEST))
    return opened_at + chance.random() * (as_of - opened_at)


def _plan_provider(
    chance: Random, directory: Directory, hub: Hub, *, joined_at: datetime.datetime, as_of: datetime.datetime
) -> ProviderPlan:
    owner = directory.make_person(chance, hub)
    trades = chance.choice(TRADES)
    language = next(language for language in hub.spoken if language in ("en", "de", "fr"))
    company_name = make_company_name(
        chance,
        directory,
        category=trades[0],
        language=language,
        country_code=hub.country_code,
        owner=(owner.first_name, owner.last_name),
        place=hub.place,
    )
    return ProviderPlan(
        joined_at=joined_at,
        owner=owner,
        login=directory.claim(f"{fold(company_name)}{{}}"),
        hub=hub,
        categories=tuple(slug for slug in trades if slug == trades[0] or chance.random() < 0.4),
        price_level=jitter(chance, 1.0, share=0.2),
        profile={
            "company_name": company_name,
            "languages": [spoken for spoken, share in hub.spoken.items() if chance.random() < share],
            "time_zone": hub.time_zone,
            "rating": _draw_rating(chance),
            **_draw_area(chance, hub),
            **_draw_capacity(chance),
            **_draw_hours(chance),
            **_draw_holiday(chance, as_of),
        },
    )


def _draw_area(chance: Random, hub: Hub) -> dict[str, Any]:
    """Draw where it works: most within a city, a few within a region; in Fiji across the antimeridian."""
    spot = hub.draw_spot(chance)
    radius_km = (
        300 if hub.country_code == "FJ" else draw(chance, {12: 2, 20: 4, 30: 4, 45: 2, 80: 1, 200: 0.5})
    )
    return {
        "place_name": spot.name,
        "latitude": spot.latitude,
        "longitude": spot.longitude,
        "radius_km": radius_km,
    }


def _draw_capacity(chance: Random) -> dict[str, int]:
    """Draw how much it takes: from one person alone to a firm."""
    open_offers_max, per_day, per_month = draw(
        chance, {(2, 2, 15): 3, (4, 3, 40): 4, (6, 6, 80): 3, (12, 10, 200): 1}
    )
    return {
        "open_offers_max": open_offers_max,
        "leads_per_day_max": per_day,
        "leads_per_month_max": per_month,
    }


def _draw_hours(chance: Random) -> dict[str, Any]:
    (opens, closes), weekdays = draw(chance, HOURS)
    return {
        "opens_at": datetime.time(opens),
        "closes_at": datetime.time(closes),
        "open_weekdays": list(weekdays),
    }


def _draw_holiday(chance: Random, as_of: datetime.datetime) -> dict[str, datetime.date]:
    """Draw a holiday around the present day, for a few."""
    if chance.random() >= 0.04:
        return {}
    first = (as_of + datetime.timedelta(days=chance.randint(-6, 3))).date()
    return {
        "holiday_from_date": first,
        "holiday_until_date": first + datetime.timedelta(days=chance.randint(5, 14)),
    }


def _draw_rating(chance: Random) -> float | None:
    if chance.random() < 0.15:
        return None
    return round(min(5.0, max(1.5, chance.gauss(4.3, 0.5))), 1)


def _user_of(plan: ProviderPlan) -> User:
    return User(
        username=plan.login,
        first_name=plan.owner.first_name,
        last_name=plan.owner.last_name,
        email=f"{plan.login}@example.com",
        password="!",  # noqa: S106  Django's mark of a password that opens nothing.
        date_joined=plan.joined_at,
    )


def _offering(provider: ProviderProfile, category: Category, *, price_level: float) -> ProviderCategory:
    usual = float(category.typical_budget or 0)
    price = Decimal(round(usual * price_level, -1)) if usual else None
    return ProviderCategory(provider=provider, category=category, typical_price=price)
