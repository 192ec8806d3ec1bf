"""The search: everybody near enough to be asked, judged by the rules, in one statement.

The providers that cover the place come from the GiST index on bounding boxes, then the exact test.  The
nearest of those that nearly cover it come along as near misses, so that "too far" has names.  Counts are
exact over all that was found; the lists are cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable

from backend.matching.geography import EARTH_RADIUS_KM, bounding_boxes, distance_sql, dot_sql
from backend.matching.judgement import (
    DETAIL_COLUMNS,
    PARAMETER_TYPES,
    RECORD_COLUMNS,
    Row,
    detail_columns_sql,
    fetch_prepared_rows,
    join_records_sql,
    judged_sql,
    request_parameters,
    to_candidates,
    to_exclusion,
)
from backend.matching.rules import NOT_OFFERED, RULES, TOO_FAR, first_failed_sql
from backend.matching.values import Request, Search

__all__ = [
    "ELIGIBLE_LIMIT",
    "EXCLUDED_LIMIT",
    "LOOK_AROUND_KM",
    "NEAR_LIMIT",
    "SEARCH_SQL",
    "Found",
    "find_candidates",
    "find_rows",
    "read_search",
    "search_parameters",
    "search_sql",
    "sort_out",
]

# How many eligible providers are ranked: beyond a few hundred the best by prior, nothing is won by ranking.
ELIGIBLE_LIMIT = 400

# How many excluded providers that cover the place are listed by name, nearest first.
EXCLUDED_LIMIT = 200

# How many near misses are found: those whose service area ends nearest to the place.  Reading and writing down two
# hundred took a fifth of a routing, and nobody calls the fifty-first.
NEAR_LIMIT = 50

# How far from the place a service area may end to be called a near miss.
LOOK_AROUND_KM = 50

# Where so many are near misses within so few km, nobody looks as far as ``LOOK_AROUND_KM``: in a dense town those would
# be thousands.  What comes out is the same.
_CLOSE_KM = 5

_COVERING = SQL(
    """
    SELECT a.provider_id, a.prior, {distance} AS distance_km, true AS covers
    FROM place JOIN matching_coveragearea AS a ON a.area @> place.point
    WHERE {dot} >= a.cos_radius
    """
).format(distance=distance_sql(), dot=dot_sql())

# An area in two pieces may meet the look-around in two pieces.
_MISSES = SQL(
    """
    SELECT provider_id, distance_km, distance_km - radius_km AS gap_km
    FROM (
        SELECT DISTINCT ON (a.provider_id) a.provider_id, {distance} AS distance_km,
               {earth} * acos(a.cos_radius) AS radius_km
        FROM place, unnest({around}) AS around
        JOIN matching_coveragearea AS a ON a.area && around
        WHERE {dot} < a.cos_radius
    ) AS misses
    WHERE distance_km - radius_km <= {around_km}
    """
)


def _misses_sql(around: str, *, around_km: int) -> Composable:
    """Return the query for everybody whose service area ends no further from the place than that."""
    return _MISSES.format(
        distance=distance_sql(),
        dot=dot_sql(),
        earth=SQL(str(EARTH_RADIUS_KM)),
        around=SQL(around),
        around_km=SQL(str(around_km)),
    )


# The rules that a near miss may fail before "too far" is told.  That it offers the category, the index has said.
_RULES_OF_MISSES = [rule for rule in RULES[: RULES.index(TOO_FAR) + 1] if rule is not NOT_OFFERED]

_SEARCH = SQL(
    """
WITH place AS MATERIALIZED (
    -- no constants: else PostgreSQL starts processes to share the work, which takes longer than the work
    SELECT %(point)s::box AS point, %(close)s::box[] AS close, %(wide)s::box[] AS wide
), judged AS MATERIALIZED (
    {judged}
), close AS MATERIALIZED (
    {close}
), near AS (
    SELECT * FROM (
        SELECT * FROM close
        UNION ALL
        SELECT misses.* FROM ({wide}) AS misses
        WHERE (SELECT count(*) FROM close) < {near_limit} AND gap_km > {close_km}
    ) AS misses
    ORDER BY gap_km, provider_id
    LIMIT {near_limit}
), missed AS MATERIALIZED (
    SELECT f.provider_id, p.company_name::text, f.distance_km, {rule_of_misses} AS rule_code
    FROM (SELECT *, false AS covers FROM near) AS f JOIN users_providerprofile AS p ON p.id = f.provider_id
)
SELECT listed.*, {record_columns}, (
    SELECT jsonb_object_agg(coalesce(rule_code, ''), providers)
    FROM (
        SELECT rule_code, count(*) AS providers
        FROM (SELECT rule_code FROM judged UNION ALL SELECT rule_code FROM missed) AS everybody
        GROUP BY rule_code
    ) AS counted
)::text AS counts
FROM (
    (
        SELECT 1 AS list, provider_id, company_name, distance_km, rule_code, {rooms}, prior, {details}
        FROM judged WHERE rule_code IS NULL
        ORDER BY prior DESC, distance_km, provider_id LIMIT {eligible_limit}
    )
    UNION ALL
    (
        SELECT 2, provider_id, company_name, distance_km, rule_code, {rooms}, {no_details}
        FROM judged WHERE rule_code IS NOT NULL
        ORDER BY distance_km, provider_id LIMIT {excluded_limit}
    )
    UNION ALL
    SELECT 3, provider_id, company_name, distance_km, rule_code, NULL, {no_details} FROM missed
) AS listed
{records}
ORDER BY list, prior DESC, distance_km, provider_id
"""
)


def search_sql(*, with_rooms: bool) -> str:
    """Return the statement; ``with_rooms`` it tells how much room each limit leaves (``rules.COUNTED``)."""
    return _SEARCH.format(
        judged=judged_sql(_COVERING, with_rooms=with_rooms),
        close=_misses_sql("place.close", around_km=_CLOSE_KM),
        wide=_misses_sql("place.wide", around_km=LOOK_AROUND_KM),
        close_km=SQL(str(_CLOSE_KM)),
        rooms=SQL("rooms" if with_rooms else "NULL::int[] AS rooms"),
        rule_of_misses=first_failed_sql(_RULES_OF_MISSES),
        details=detail_columns_sql("judged"),
        no_details=SQL(", ").join([SQL("NULL")] * (1 + len(DETAIL_COLUMNS))),
        record_columns=RECORD_COLUMNS,
        # Nobody who is excluded is ranked: their records are not looked for.
        records=join_records_sql("listed", only="listed.list = 1"),
        near_limit=SQL(str(NEAR_LIMIT)),
        eligible_limit=SQL(str(ELIGIBLE_LIMIT)),
        excluded_limit=SQL(str(EXCLUDED_LIMIT)),
    ).as_string()


SEARCH_SQL = search_sql(with_rooms=False)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one search, as they were read: who is eligible, who covers the place but may not, near misses.

    ``counts`` has the number of providers by the rule that excludes them, also those that are not listed.
    """

    eligible: Sequence[Row]
    covering: Sequence[Row]
    misses: Sequence[Row]
    eligible_count: int
    counts: Mapping[str, int]


# The parameters that the statement names, for preparing it.
_TYPES = {**PARAMETER_TYPES, "point": "box", "close": "box[]", "wide": "box[]"}


def find_candidates(request: Request) -> Search:
    """Find who may have the request and why others may not, in one statement.

    Eligible providers come by what is known of them beforehand (``prior``), then by distance; excluded ones
    that cover the place before near misses, each nearest first.
    """
    return read_search(find_rows(request), request=request)


def find_rows(request: Request) -> Found:
    """Find who may have the request: the rows as they are read."""
    return sort_out(fetch_prepared_rows(SEARCH_SQL, search_parameters(request), types=_TYPES))


def read_search(found: Found, *, request: Request) -> Search:
    """Turn the rows of a search into its values, with the features of those that are eligible."""
    return Search(
        eligible=to_candidates(found.eligible, request=request),
        excluded=tuple(to_exclusion(row) for row in (*found.covering, *found.misses)),
        eligible_count=found.eligible_count,
        counts=found.counts,
    )


def search_parameters(request: Request) -> dict[str, Any]:
    """Return the parameters that the statement names."""
    parameters = request_parameters(request)
    for name, radius_km in (("close", _CLOSE_KM), ("wide", LOOK_AROUND_KM)):
        boxes = bounding_boxes(
            request.category_id,
            latitude=parameters["latitude"],
            longitude=parameters["longitude"],
            radius_km=radius_km,
        )
        parameters[name] = f"{{{';'.join(map(str, boxes))}}}"
    return parameters


def sort_out(rows: Sequence[Row]) -> Found:
    """Sort rows by their list.  Nobody found: no counts."""
    lists: dict[int, list[Row]] = {1: [], 2: [], 3: []}
    for row in rows:
        lists[row.list].append(row)
    counts: dict[str, int] = json.loads(rows[0].counts) if rows else {}
    return Found(lists[1], lists[2], lists[3], eligible_count=counts.pop("", 0), counts=counts)
