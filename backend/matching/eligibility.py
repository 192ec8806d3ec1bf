"""Who may have a request: the rules, and the answer to "why not this one?"."""

from __future__ import annotations

from collections.abc import Collection

from psycopg.sql import SQL, Composable

from backend.matching.geography import EARTH_RADIUS_KM, distance_sql, dot_sql, unit_vector_sql
from backend.matching.judgement import (
    RECORD_COLUMNS,
    detail_columns_sql,
    fetch_rows,
    join_records_sql,
    judged_sql,
    request_parameters,
    to_candidates,
    to_exclusion,
)
from backend.matching.rules import BUSY, RULES, Rule, all_failed_sql, first_failed_sql, get_rule
from backend.matching.values import Candidate, Exclusion, Judgement, Request
from backend.users.models import ProviderProfile

__all__ = ["BUSY", "RULES", "Rule", "explain_provider", "find_misfits", "get_rule", "judge_providers"]

# Straight from the profile, so that it answers for a provider that the index does not hold: one far away,
# one without the category, a retired one.
_NAMED = SQL(
    """
    SELECT a.id AS provider_id, 0 AS prior, {distance} AS distance_km,
           {dot} >= cos(least(a.radius_km / {earth}, pi())) AS covers
    FROM (
        SELECT p.id, p.radius_km, {vector} FROM users_providerprofile AS p WHERE p.id = ANY (%(provider_ids)s)
    ) AS a
    """
).format(distance=distance_sql(), dot=dot_sql(), earth=SQL(str(EARTH_RADIUS_KM)), vector=unit_vector_sql())


def _explanation_sql(judged: Composable) -> str:
    """Return the query of what is judged with all that makes a candidate of it."""
    query = SQL(
        """
        SELECT judged.provider_id, judged.company_name, judged.distance_km, judged.rule_code, {details}, {records}
        FROM ({judged}) AS judged {joins}
        """
    )
    return query.format(
        details=detail_columns_sql("judged"),
        records=RECORD_COLUMNS,
        judged=judged,
        joins=join_records_sql("judged"),
    ).as_string()


_EXPLAIN = _explanation_sql(judged_sql(_NAMED))
_JUDGE = _explanation_sql(judged_sql(_NAMED, rule=all_failed_sql()))

_MISFITS = (
    SQL(
        """
    SELECT f.provider_id, {rule} AS rule_code
    FROM ({named}) AS f
    JOIN users_providerprofile AS p ON p.id = f.provider_id
    LEFT JOIN users_providercategory AS c ON c.provider_id = p.id AND c.category_id = %(category_id)s
    """
    )
    .format(rule=first_failed_sql([rule for rule in RULES if rule.is_about_request]), named=_NAMED)
    .as_string()
)


def explain_provider(request: Request, provider_id: int) -> Candidate | Exclusion:
    """Judge one provider by the same rules as the search, wherever it is and whatever it offers.

    Raises: ProviderProfile.DoesNotExist when there is no such provider.
    """
    rows = fetch_rows(_EXPLAIN, request_parameters(request) | {"provider_ids": [provider_id]})
    if not rows:
        raise ProviderProfile.DoesNotExist(f"Cannot explain provider {provider_id}: there is none.")
    return to_exclusion(rows[0]) if rows[0].rule_code else to_candidates(rows, request=request)[0]


def judge_providers(request: Request, provider_ids: Collection[int]) -> dict[int, Judgement]:
    """Judge these providers by every rule, not by the first that fails alone: one statement.

    For somebody who considers to lift a rule, and must know of the others.  Providers that do not exist are left out.
    """
    if not provider_ids:
        return {}
    rows = fetch_rows(_JUDGE, request_parameters(request) | {"provider_ids": sorted(provider_ids)})
    candidates = to_candidates(rows, request=request)
    return {
        row.provider_id: Judgement(candidate, tuple(row.rule_code))
        for row, candidate in zip(rows, candidates, strict=True)
    }


def find_misfits(request: Request, provider_ids: Collection[int]) -> dict[int, str]:
    """Return which of these providers do not fit the request itself, with the code of the first rule that says so.

    Asked of providers that have an offer already: capacity, holidays and pauses are none of it.  One statement.
    """
    if not provider_ids:
        return {}
    rows = fetch_rows(_MISFITS, request_parameters(request) | {"provider_ids": sorted(provider_ids)})
    return {row.provider_id: row.rule_code for row in rows if row.rule_code is not None}
