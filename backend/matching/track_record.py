"""How providers did so far: sums that fade, one row for each provider and category, kept up to date as things happen.

An event adds to its row in the transaction of the answer, so that the next ranking knows of it.  What is older
counts less: half after ``HALF_LIFE``.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

__all__ = ["HALF_LIFE", "SUMS", "Record", "Sums", "left_after_days", "note", "refresh_category_records"]

Vector = NDArray[np.float64]

# Long enough that a provider with an offer a week has some ten of them to be judged by.
HALF_LIFE = datetime.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Record:
    """Sums of what became of offers (``models.Sums``): a provider's, a category's, or what one event adds to them."""

    answered: float = 0
    accepted: float = 0
    responses: float = 0
    log_hours: float = 0
    finished: float = 0
    won: float = 0

    @classmethod
    def of_answer(cls, *, is_accepted: bool, after: datetime.timedelta) -> Record:
        """Return the record of an offer that its provider accepted or declined, so long after it could."""
        hours = max(0.0, after.total_seconds() / 3600)
        return cls(answered=1, accepted=float(is_accepted), responses=1, log_hours=math.log1p(hours))

    @classmethod
    def of_silence(cls) -> Record:
        """Return the record of an offer that was left to expire."""
        return cls(answered=1)

    @classmethod
    def of_choice(cls, *, is_won: bool) -> Record:
        """Return the record of an accepted offer whose client has chosen."""
        return cls(finished=1, won=float(is_won))


SUMS = tuple(Record.__slots__)
"""The names of the sums."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The records of many, in columns: the same sums, with a row for each."""

    answered: Vector
    accepted: Vector
    responses: Vector
    log_hours: Vector
    finished: Vector
    won: Vector

    @classmethod
    def of(cls, columns: Mapping[str, Vector], *, prefix: str = "") -> Sums:
        """Return the columns of these names after a prefix; where there is no record, nothing has happened."""
        return cls(*(np.nan_to_num(columns[prefix + name], nan=0.0) for name in SUMS))

    def times(self, share: Vector) -> Sums:
        """Return a share of each row."""
        return Sums(*(share * getattr(self, name) for name in SUMS))


def left_after_days(days: Vector) -> Vector:
    """Return which share of the sums is left after a time; of one that is negative all of it."""
    return np.asarray(0.5 ** (np.maximum(0.0, days) / (HALF_LIFE.total_seconds() / 86_400)))


# Whichever of row and event is the older one fades to the instant of the other: events may come out of order.
_NOTE = """
INSERT INTO matching_trackrecord AS t
    (provider_id, category_id, as_of, answered, accepted, responses, log_hours, finished, won)
VALUES (%(provider)s, %(category)s, %(at)s,
        %(answered)s, %(accepted)s, %(responses)s, %(log_hours)s, %(finished)s, %(won)s)
ON CONFLICT (provider_id, category_id) DO UPDATE SET
    as_of = greatest(t.as_of, excluded.as_of),
    (answered, accepted, responses, log_hours, finished, won) = (
        SELECT t.answered * old + excluded.answered * new, t.accepted * old + excluded.accepted * new,
               t.responses * old + excluded.responses * new, t.log_hours * old + excluded.log_hours * new,
               t.finished * old + excluded.finished * new, t.won * old + excluded.won * new
        FROM (SELECT power(0.5, greatest(0, age) / %(half_life_s)s) AS old,
                     power(0.5, greatest(0, -age) / %(half_life_s)s) AS new
              FROM (SELECT extract(epoch FROM excluded.as_of - t.as_of)::float AS age) AS ages) AS faded)
"""

_REFRESH = """
WITH sums AS (
    SELECT category_id, sum(answered * kept) AS answered, sum(accepted * kept) AS accepted,
           sum(responses * kept) AS responses, sum(log_hours * kept) AS log_hours,
           sum(finished * kept) AS finished, sum(won * kept) AS won
    FROM matching_trackrecord, LATERAL (
        SELECT power(0.5, greatest(0, extract(epoch FROM %(at)s - as_of)::float) / %(half_life_s)s) AS kept) AS k
    GROUP BY category_id
)
INSERT INTO matching_categoryrecord (category_id, answered, accepted, responses, log_hours, finished, won)
SELECT category_id, answered, accepted, responses, log_hours, finished, won FROM sums
ON CONFLICT (category_id) DO UPDATE SET
    answered = excluded.answered, accepted = excluded.accepted, responses = excluded.responses,
    log_hours = excluded.log_hours, finished = excluded.finished, won = excluded.won
"""


def note(event: Record, *, provider_id: int, category_id: int, at: datetime.datetime) -> None:
    """Add an event of an instant to a provider's record in a category: one statement, in the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "provider": provider_id,
                "category": category_id,
                "at": at,
                "half_life_s": HALF_LIFE.total_seconds(),
                **{name: getattr(event, name) for name in SUMS},
            },
        )


def refresh_category_records(*, at: datetime.datetime) -> None:
    """Sum up the records of each category as of an instant: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"at": at, "half_life_s": HALF_LIFE.total_seconds()})
