"""The search: everybody near enough to be asked, judged by the rules, in one statement.

The providers that cover the place come from the GiST index on bounding boxes, then the exact test.  The
nearest of those that nearly cover it come along as near misses, so that "too far" has names.  Counts are
exact over all that was found; the lists are cut.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from psycopg.sql import SQL

from backend.matching.geography import EARTH_RADIUS_KM, distance_sql, dot_sql, pieces_sql
from backend.matching.judgement import (
    RECORD_COLUMNS,
    Row,
    fetch_rows,
    join_records_sql,
    judged_sql,
    request_parameters,
    to_candidate,
    to_exclusion,
)
from backend.matching.values import Request, Search

__all__ = [
    "ELIGIBLE_LIMIT",
    "EXCLUDED_LIMIT",
    "LOOK_AROUND_KM",
    "NEAR_LIMIT",
    "SEARCH_SQL",
    "find_candidates",
]

# How many eligible providers are ranked: beyond a few hundred the best by prior, nothing is won by ranking.
ELIGIBLE_LIMIT = 400

# How many excluded providers that cover the place are listed by name, nearest first.
EXCLUDED_LIMIT = 200

# How many near misses are found: those whose service area ends nearest to the place.
NEAR_LIMIT = 200

# How far from the place a service area may end to be called a near miss.
LOOK_AROUND_KM = 50

_FOUND = SQL(
    """
    SELECT provider_id, prior, distance_km, covers FROM covering
    UNION ALL
    SELECT provider_id, prior, distance_km, covers FROM near
    """
)

SEARCH_SQL = (
    SQL(
        """
WITH around AS MATERIALIZED (
    {look_around}
), covering AS (
    SELECT a.provider_id, a.prior, {distance} AS distance_km, true AS covers
    FROM matching_coveragearea AS a
    WHERE a.area @> %(point)s::box AND {dot} >= a.cos_radius
), near AS (
    SELECT * FROM (
        -- an area in two pieces may meet the look-around in two pieces
        SELECT DISTINCT ON (a.provider_id) a.provider_id, a.prior, {distance} AS distance_km, false AS covers,
               {earth} * acos(a.cos_radius) AS radius_km
        FROM around
        JOIN matching_coveragearea AS a ON a.area && around.area
        WHERE {dot} < a.cos_radius
    ) AS misses
    WHERE distance_km - radius_km <= {look_around_km}
    ORDER BY distance_km - radius_km, provider_id
    LIMIT {near_limit}
), judged AS MATERIALIZED (
    {judged}
), listed AS (
    SELECT *, row_number() OVER (
        PARTITION BY rule_code IS NULL, covers
        ORDER BY CASE WHEN rule_code IS NULL THEN prior END DESC, distance_km, provider_id
    ) AS position
    FROM judged
)
SELECT listed.*, {record_columns}, (
    SELECT jsonb_object_agg(coalesce(rule_code, ''), providers)
    FROM (SELECT rule_code, count(*) AS providers FROM judged GROUP BY rule_code) AS counted
)::text AS counts
FROM listed
{records}
WHERE position <= CASE WHEN rule_code IS NULL THEN {eligible_limit} ELSE {excluded_limit} END
ORDER BY rule_code IS NOT NULL, NOT covers, position
"""
    )
    .format(
        distance=distance_sql(),
        dot=dot_sql(),
        earth=SQL(str(EARTH_RADIUS_KM)),
        look_around=pieces_sql(
            latitude="%(latitude)s",
            longitude="%(longitude)s",
            radius_km=str(LOOK_AROUND_KM),
            category_id="%(category_id)s",
        ),
        look_around_km=SQL(str(LOOK_AROUND_KM)),
        judged=judged_sql(_FOUND),
        record_columns=RECORD_COLUMNS,
        records=join_records_sql("listed"),
        near_limit=SQL(str(NEAR_LIMIT)),
        eligible_limit=SQL(str(ELIGIBLE_LIMIT)),
        excluded_limit=SQL(str(EXCLUDED_LIMIT)),
    )
    .as_string()
)


def find_candidates(request: Request) -> Search:
    """Find who may have the request and why others may not, in one statement.

    Eligible providers come by what is known of them beforehand (``prior``), then by distance; excluded ones
    that cover the place before near misses, each nearest first.
    """
    rows = fetch_rows(SEARCH_SQL, request_parameters(request))
    counts = _read_counts(rows)
    eligible_count = counts.pop("", 0)
    return Search(
        eligible=tuple(to_candidate(row, request=request) for row in rows if row["rule_code"] is None),
        excluded=tuple(to_exclusion(row) for row in rows if row["rule_code"] is not None),
        eligible_count=eligible_count,
        counts=counts,
    )


def _read_counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return providers by rule code; eligible ones under the empty code.  Nobody found: no counts."""
    counts: dict[str, int] = json.loads(rows[0]["counts"]) if rows else {}
    return counts
