"""Judging providers in SQL: the facts that rules and features need, and what becomes of a row.

Opening hours are computed exactly: the first instant from the request on at which the provider is open, over
the sessions of the eight days from yesterday to a week ahead, in its own time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable

from backend.matching.features import Facts, measure
from backend.matching.geography import place_parameters
from backend.matching.rules import first_failed_sql
from backend.matching.track_record import Record
from backend.matching.values import Candidate, Exclusion, Request

__all__ = [
    "RECORD_COLUMNS",
    "fetch_rows",
    "join_records_sql",
    "judged_sql",
    "request_parameters",
    "to_candidate",
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

_JUDGED = """
SELECT f.provider_id, f.prior, f.distance_km, f.covers, p.user_id, p.company_name, p.radius_km, p.rating,
       p.created_at, p.open_offers_max, c.typical_price, coalesce(l.open_offers, 0) AS open_offers,
       coalesce(l.offers_total, 0) AS offers_total, l.last_offered_at, o.opening_at, {rule} AS rule_code
FROM ({found}) AS f
JOIN users_providerprofile AS p ON p.id = f.provider_id
LEFT JOIN matching_providerload AS l ON l.provider_id = p.id
LEFT JOIN users_providercategory AS c ON c.provider_id = p.id AND c.category_id = %(category_id)s
CROSS JOIN LATERAL ({opening}) AS o
"""

_SUMS = tuple(Record.__slots__)

RECORD_COLUMNS = SQL(", ").join(
    [
        SQL("records.as_of AS record_at"),
        *(SQL(f"records.{name} AS own_{name}, averages.{name} AS all_{name}") for name in _SUMS),
    ]
)

_RECORDS = """
LEFT JOIN matching_trackrecord AS records
    ON records.provider_id = {judged}.provider_id AND records.category_id = %(category_id)s
LEFT JOIN matching_categoryrecord AS averages ON averages.category_id = %(category_id)s
"""

Row = Mapping[str, Any]


def judged_sql(found: str | Composable, *, rule: Composable | None = None) -> Composable:
    """Return a query that judges what was found.

    ``found`` is a query of ``provider_id``, ``prior``, ``distance_km`` and ``covers`` (whether the place lies
    in the service area).  Its rows carry the facts, and ``rule_code``: null when the provider is eligible, or what
    another ``rule`` expression says.
    """
    query = SQL(found) if isinstance(found, str) else found
    return SQL(_JUDGED).format(rule=rule or first_failed_sql(), found=query, opening=SQL(_OPENING))


def join_records_sql(judged: str) -> Composable:
    """Return the joins that add ``RECORD_COLUMNS`` to judged rows, named by their alias: for those that are ranked."""
    return SQL(_RECORDS).format(judged=SQL(judged))


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
    """Run one statement and return its rows by column name."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def to_exclusion(row: Row) -> Exclusion:
    """Turn the row of an excluded provider into its value."""
    return Exclusion(
        provider_id=row["provider_id"],
        company_name=row["company_name"],
        rule_code=row["rule_code"],
        distance_km=row["distance_km"],
    )


def to_candidate(row: Row, *, request: Request) -> Candidate:
    """Turn the row of an eligible provider into its value, with the features measured."""
    facts = Facts(
        **{name: row[name] for name in Facts.__slots__ if name in row},
        record=_record_of(row, "own"),
        category_record=_record_of(row, "all"),
    )
    return Candidate(
        provider_id=row["provider_id"],
        user_id=row["user_id"],
        company_name=row["company_name"],
        distance_km=row["distance_km"],
        open_offers=row["open_offers"],
        open_offers_max=row["open_offers_max"],
        last_offered_at=row["last_offered_at"],
        offers_total=row["offers_total"],
        features=measure(facts, request=request),
        opening_at=row["opening_at"],
    )


def _record_of(row: Row, whose: str) -> Record:
    """Return the sums of a row; zeros where it has none."""
    return Record(**{name: row[f"{whose}_{name}"] or 0.0 for name in _SUMS})
