"""Plain factories of what matching reads."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backend.catalog.models import Category
from backend.matching.learning.artifact import Artifact, Stage
from backend.matching.models import ProviderLoad, RankingModel
from backend.matching.ranking import COLUMNS
from backend.matching.values import Candidate, Request
from backend.users.models import ProviderCategory, ProviderProfile, User
from backend.users.tests.factories import chief
from workflows import Channel, SystemActor, acting

# A Wednesday, 14:00 in Berlin.
NOW = datetime(2025, 6, 11, 12, 0, tzinfo=UTC)

BERLIN = (52.52, 13.405)
POTSDAM = (52.39, 13.065)  # 27 km from Berlin
HAMBURG = (53.55, 9.993)  # 255 km from Berlin

_numbers = itertools.count(1)


def make_category(name: str = "Plumbing") -> Category:
    """Return a new category."""
    number = next(_numbers)
    return Category.objects.create(name=f"{name} {number}", slug=f"category-{number}")


def make_user() -> User:
    """Return a new user, who cannot log in."""
    return User.objects.create(username=f"user-{next(_numbers)}")


def make_provider(
    *categories: Category,
    place: tuple[float, float] = BERLIN,
    typical_price: Decimal | None = None,
    is_active: bool = True,
    **fields: Any,
) -> ProviderProfile:
    """Return a new provider that offers the categories, speaks English and is active."""
    values = {"company_name": f"Company {next(_numbers)}", "languages": ["en"], **fields}
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        provider = ProviderProfile.objects.create(
            user=make_user(), latitude=place[0], longitude=place[1], **values
        )
    for category in categories:
        ProviderCategory.objects.create(provider=provider, category=category, typical_price=typical_price)
    if is_active:
        provider.approve(by=chief())
    return provider


def set_load(provider: ProviderProfile, **fields: Any) -> None:
    """Write counters of a provider's load."""
    assert ProviderLoad.objects.filter(provider=provider).update(**fields) == 1


def make_request(category: Category, *, place: tuple[float, float] = BERLIN, **fields: Any) -> Request:
    """Return a request in English at noon of a Wednesday, without budget and deadline."""
    values: dict[str, Any] = {
        "budget": None,
        "language": "en",
        "urgency": "normal",
        "at": NOW,
        "deadline": None,
        "key": "L-1",
        **fields,
    }
    return Request(category_id=category.pk, latitude=place[0], longitude=place[1], **values)


def make_candidate(provider_id: int, **fields: Any) -> Candidate:
    """Return a candidate that is idle, and not new."""
    values: dict[str, Any] = {
        "user_id": provider_id,
        "company_name": f"Company {provider_id}",
        "distance_km": 1.0,
        "open_offers": 0,
        "open_offers_max": 5,
        "last_offered_at": None,
        "offers_total": 100,
        "features": {},
        **fields,
    }
    return Candidate(provider_id=provider_id, **values)


def ids(values: Sequence[Any]) -> list[int]:
    """Return the provider ids, in order."""
    return [value.provider_id for value in values]


def make_ranking_model(**weights: float) -> RankingModel:
    """Return a candidate with these weights for accepting, and others zero."""
    zeros = dict.fromkeys(COLUMNS, 0.0)
    artifact = Artifact(accept=Stage(zeros | weights), win=Stage(zeros))
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        model: RankingModel = RankingModel.objects.create(
            artifact=artifact.to_json(), examples=0, trained_from_at=NOW, trained_until_at=NOW
        )
    return model
