"""What ranking takes a provider for, in each category that it offers: its record, faded and smoothed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backend.matching.features import (
    expected_acceptance,
    expected_response_h,
    expected_win_rate,
)
from backend.matching.track_record import Record

__all__ = ["Reputation", "list_reputations"]


@dataclass(frozen=True, slots=True)
class Reputation:
    """What is expected of a provider in one category; ``answered`` is what its own record weighs, in offers."""

    category_name: str
    answered: float
    acceptance: float
    response_h: float
    win_rate: float


_SUMS = tuple(Record.__slots__)

_RECORDS = f"""
SELECT category.name, own.as_of, {", ".join(f"own.{name}, average.{name}" for name in _SUMS)}
  FROM users_providercategory AS offered
  JOIN catalog_category AS category ON category.id = offered.category_id
  LEFT JOIN matching_trackrecord AS own
    ON own.provider_id = offered.provider_id AND own.category_id = offered.category_id
  LEFT JOIN matching_categoryrecord AS average ON average.category_id = offered.category_id
 WHERE offered.provider_id = %(provider)s
 ORDER BY category.name
"""  # noqa: S608  built of constants alone


def list_reputations(provider_id: int, *, at: datetime.datetime) -> list[Reputation]:
    """Return what ranking would take the provider for at an instant, by the name of the category; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, {"provider": provider_id})
        return [_reputation_of(row, at=at) for row in cursor.fetchall()]


def _reputation_of(row: tuple[Any, ...], *, at: datetime.datetime) -> Reputation:
    name, as_of, *sums = row
    own, category = (Record(*(amount or 0.0 for amount in sums[first::2])) for first in (0, 1))
    faded = own.faded(by=at - as_of) if as_of else own
    return Reputation(
        category_name=name,
        answered=faded.answered,
        acceptance=expected_acceptance(faded, category),
        response_h=expected_response_h(faded, category),
        win_rate=expected_win_rate(faded, category),
    )
