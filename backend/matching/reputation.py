"""What ranking takes a provider for, in each category that it offers: its record, faded and smoothed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from django.db import connection

from backend.matching.features import (
    expected_acceptance,
    expected_response_h,
    expected_win_rate,
)
from backend.matching.track_record import SUMS, Sums, left_after_days

__all__ = ["Reputation", "list_reputations"]


@dataclass(frozen=True, slots=True)
class Reputation:
    """What is expected of a provider in one category; ``answered`` is what its own record weighs, in offers."""

    category_name: str
    answered: float
    acceptance: float
    response_h: float
    win_rate: float


_RECORDS = f"""
SELECT category.name, extract(epoch FROM own.as_of)::float8, {", ".join(f"own.{name}, average.{name}" for name in SUMS)}
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
        rows = cursor.fetchall()
    names = [name for name, *_numbers in rows]
    numbers = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), 1 + 2 * len(SUMS)).T
    own, category = (Sums.of(dict(zip(SUMS, numbers[first::2], strict=True))) for first in (1, 2))
    age_days = np.nan_to_num((at.timestamp() - numbers[0]) / 86_400, nan=0.0)
    faded = own.times(left_after_days(age_days))
    columns = (
        faded.answered,
        expected_acceptance(faded, category),
        expected_response_h(faded, category),
        expected_win_rate(faded, category),
    )
    return [
        Reputation(name, *expected)
        for name, *expected in zip(names, *(column.tolist() for column in columns), strict=True)
    ]
