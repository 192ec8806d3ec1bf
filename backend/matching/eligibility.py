"""Who may have a request: the rules, and the answer to "why not this one?"."""

from __future__ import annotations

from collections.abc import Collection

from psycopg.sql import SQL

from backend.matching.geography import EARTH_RADIUS_KM, distance_sql, dot_sql, unit_vector_sql
from backend.matching.judgement import (
    RECORD_COLUMNS,
    fetch_rows,
    join_records_sql,
    judged_sql,
    request_parameters,
    to_candidate,
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

_EXPLAIN = (
    SQL("SELECT judged.*, {columns} FROM ({judged}) AS judged {records}")
    .format(columns=RECORD_COLUMNS, judged=judged_sql(_NAMED), records=join_records_sql("judged"))
    .as_string()
)

_JUDGE = (
    SQL("SELECT judged.*, {columns} FROM ({judged}) AS judged {records}")
    .format(
        columns=RECORD_COLUMNS,
        judged=judged_sql(_NAMED, rule=all_failed_sql()),
        records=join_records_sql("judged"),
    )
    .as_string()
)

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
    return to_exclusion(rows[0]) if rows[0]["rule_code"] else to_candidate(rows[0], request=request)


def judge_providers(request: Request, provider_ids: Collection[int]) -> dict[int, Judgement]:
    """Judge these providers by every rule, not by the first that fails alone: one statement.

    For somebody who considers to lift a rule, and must know of the others.  Providers that do not exist are left out.
    """
    if not provider_ids:
        return {}
    rows = fetch_rows(_JUDGE, request_parameters(request) | {"provider_ids": sorted(provider_ids)})
    return {
        row["provider_id"]: Judgement(to_candidate(row, request=request), tuple(row["rule_code"]))
        for row in rows
    }


def find_misfits(request: Request, provider_ids: Collection[int]) -> dict[int, str]:
    """Return which of these providers do not fit the request itself, with the code of the first rule that says so.

    Asked of providers that have an offer already: capacity, holidays and pauses are none of it.  One statement.
    """
    if not provider_ids:
        return {}
    rows = fetch_rows(_MISFITS, request_parameters(request) | {"provider_ids": sorted(provider_ids)})
    return {row["provider_id"]: row["rule_code"] for row in rows if row["rule_code"] is not None}
