"""Judging providers in SQL: the facts that rules and features need, and what becomes of a row.

Opening hours are computed exactly: the first instant from the request on at which the provider is open, over
the sessions of the eight days from yesterday to a week ahead, in its own time zone.
"""

from __future__ import annotations

import datetime
import functools
from collections import namedtuple
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.sql import SQL, Composable

from backend.matching.features import DAY_S, Facts, measure
from backend.matching.geography import place_parameters
from backend.matching.prepared import running_prepared
from backend.matching.rules import first_failed_sql
from backend.matching.track_record import SUMS, Sums, left_after_days
from backend.matching.values import Candidate, Exclusion, Request

__all__ = [
    "DETAIL_COLUMNS",
    "PARAMETER_TYPES",
    "RECORD_COLUMNS",
    "detail_columns_sql",
    "fetch_prepared_rows",
    "fetch_rows",
    "join_records_sql",
    "judged_sql",
    "request_parameters",
    "to_candidates",
    "to_exclusion",
]

# A session starts on its weekday and may end on the next; hours that start and end alike mean the whole day.
_OPENING = """
SELECT CASE WHEN p.opens_at = p.closes_at AND p.open_weekdays = '{}' THEN %(at)s ELSE (
    SELECT min(greatest(timezone(p.time_zone, session.starts), %(at)s))
    FROM (
        SELECT day, CASE WHEN p.opens_at = p.closes_at THEN day ELSE day + p.opens_at END AS starts,
               CASE WHEN p.opens_at < p.closes_at THEN day + p.closes_at
                    WHEN p.opens_at = p.closes_at THEN day + interval '1 day'
                    ELSE day + interval '1 day' + p.closes_at END AS ends
        FROM (
            SELECT date_trunc('day', timezone(p.time_zone, %(at)s)) + number * interval '1 day' AS day
            FROM generate_series(-1, 7) AS number
        ) AS days
    ) AS session
    WHERE timezone(p.time_zone, session.ends) > %(at)s
      AND (p.open_weekdays = '{}' OR extract(isodow FROM session.day)::int = ANY (p.open_weekdays))
) END AS opening_at
OFFSET 0 -- once per provider: without it, every mention of the column would compute it again
"""

# Plain types: what is prepared stays valid when a column is made wider, and no number comes as a `Decimal`.
_JUDGED = """
SELECT f.provider_id, f.prior, f.distance_km, f.covers, p.user_id, p.company_name::text, p.radius_km, p.rating,
       p.created_at, p.open_offers_max, c.typical_price::float8, coalesce(l.open_offers, 0) AS open_offers,
       coalesce(l.offers_total, 0) AS offers_total, l.last_offered_at, o.opening_at, {rule} AS rule_code
FROM ({found}) AS f
JOIN users_providerprofile AS p ON p.id = f.provider_id
LEFT JOIN matching_providerload AS l ON l.provider_id = p.id
LEFT JOIN users_providercategory AS c ON c.provider_id = p.id AND c.category_id = %(category_id)s
CROSS JOIN LATERAL ({opening}) AS o
"""

# Instants are read as seconds since 1970: Django makes a datetime of a column in Python, which takes longer than the
# rest of the row.  Sixteen digits keep the microsecond.
_SECONDS = "extract(epoch FROM {}.{})::float8 AS {}"

_DETAILS = ("radius_km", "rating", "typical_price", "open_offers", "open_offers_max", "offers_total")
_INSTANTS = ("created_at", "last_offered_at", "opening_at")

DETAIL_COLUMNS = ("user_id", *_DETAILS, *_INSTANTS)
"""What is read of those alone that are ranked, beside who they are, how far away, and their records."""

RECORD_COLUMNS = SQL(", ").join(
    [
        SQL(_SECONDS.format("records", "as_of", "record_at")),
        *(SQL(f"records.{name} AS own_{name}, averages.{name} AS all_{name}") for name in SUMS),
    ]
)

_FACTS = (
    "distance_km",
    *_DETAILS,
    *_INSTANTS,
    "record_at",
    *(f"{whose}_{name}" for whose in ("own", "all") for name in SUMS),
)
_get_facts = attrgetter(*_FACTS)

# One look into the index for each row: joined plainly, all records of the category may be read for a few providers.
_RECORDS = """
LEFT JOIN LATERAL (
    SELECT * FROM matching_trackrecord AS r
    WHERE {only} AND r.provider_id = {judged}.provider_id AND r.category_id = %(category_id)s
    LIMIT 1
) AS records ON true
LEFT JOIN matching_categoryrecord AS averages ON averages.category_id = %(category_id)s
"""

Row = Any
"""A row with its columns as attributes."""


def judged_sql(found: str | Composable, *, rule: Composable | None = None) -> Composable:
    """Return a query that judges what was found.

    ``found`` is a query of ``provider_id``, ``prior``, ``distance_km`` and ``covers`` (whether the place lies
    in the service area).  Its rows carry the facts, and ``rule_code``: null when the provider is eligible, or what
    another ``rule`` expression says.
    """
    query = SQL(found) if isinstance(found, str) else found
    return SQL(_JUDGED).format(rule=rule or first_failed_sql(), found=query, opening=SQL(_OPENING))


def detail_columns_sql(judged: str) -> Composable:
    """Return the ``DETAIL_COLUMNS`` of judged rows, named by their alias."""
    plain = [f"{judged}.{name}" for name in ("user_id", *_DETAILS)]
    return SQL(", ".join([*plain, *(_SECONDS.format(judged, name, name) for name in _INSTANTS)]))


def join_records_sql(judged: str, *, only: str = "true") -> Composable:
    """Return the joins that add ``RECORD_COLUMNS`` to rows, named by their alias; nulls to those that are not meant."""
    return SQL(_RECORDS).format(judged=SQL(judged), only=SQL(only))


PARAMETER_TYPES: Mapping[str, str] = {
    "category_id": "bigint",
    "x": "float8",
    "y": "float8",
    "z": "float8",
    "at": "timestamptz",
    "deadline": "timestamptz",
    "language": "text",
    "client_user_id": "bigint",
    "already_offered": "bigint[]",
}
"""What rules and distances name of ``request_parameters``, for a statement that is prepared."""


def request_parameters(request: Request) -> dict[str, Any]:
    """Return the parameters that the rules and the search name."""
    return place_parameters(request.category_id, latitude=request.latitude, longitude=request.longitude) | {
        "at": request.at,
        "deadline": request.deadline,
        "language": request.language,
        "client_user_id": request.client_user_id,
        "already_offered": sorted(request.already_offered),
    }


def fetch_rows(sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return _read_rows(cursor)


def fetch_prepared_rows(
    sql: str, parameters: Mapping[str, Any], *, types: Mapping[str, str]
) -> Sequence[Row]:
    """Do what ``fetch_rows`` does with a statement that is planned once for all: see ``running_prepared``."""
    with running_prepared(sql, parameters, types=types) as cursor:
        return _read_rows(cursor)


def _read_rows(cursor: CursorWrapper) -> Sequence[Row]:
    make = _row_type(tuple(column.name for column in cursor.description or ()))._make
    return [make(row) for row in cursor.fetchall()]


@functools.cache
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)


def to_exclusion(row: Row) -> Exclusion:
    """Turn the row of an excluded provider into its value."""
    return Exclusion(row.provider_id, row.company_name, row.rule_code, row.distance_km)


def to_candidates(rows: Sequence[Row], *, request: Request) -> tuple[Candidate, ...]:
    """Turn the rows of eligible providers into their values, with the features of all measured at once."""
    measured = measure(_facts_of(rows, request=request), request=request)
    return tuple(
        Candidate(
            provider_id=row.provider_id,
            user_id=row.user_id,
            company_name=row.company_name,
            distance_km=row.distance_km,
            open_offers=row.open_offers,
            open_offers_max=row.open_offers_max,
            last_offered_at=_instant_of(row.last_offered_at),
            offers_total=row.offers_total,
            features=features,
            opening_at=_instant_of(row.opening_at),
        )
        for row, features in zip(rows, measured, strict=True)
    )


def _facts_of(rows: Sequence[Row], *, request: Request) -> Facts:
    values = np.array([_get_facts(row) for row in rows], dtype=np.float64).reshape(len(rows), len(_FACTS))
    columns = dict(zip(_FACTS, values.T, strict=True))
    age_days = np.nan_to_num((request.at.timestamp() - columns["record_at"]) / DAY_S, nan=0.0)
    return Facts(
        **{name: columns[name] for name in ("distance_km", *_DETAILS, *_INSTANTS)},
        own=Sums.of(columns, prefix="own_").times(left_after_days(age_days)),
        average=Sums.of(columns, prefix="all_"),
    )


def _instant_of(seconds: float | None) -> datetime.datetime | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)
