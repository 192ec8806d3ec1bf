"""By which rules routing excluded a provider lately."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backend.leads.models.decision import exclusion_key
from backend.matching.rules import BUSY, RULES

__all__ = ["EXAMPLES", "ExcludedLead", "RuleCount", "count_exclusions"]

EXAMPLES = 3
"""Leads that are named for each rule, the latest ones."""


@dataclass(frozen=True, slots=True)
class ExcludedLead:
    """A lead that a provider was not offered, by id, and when that was decided."""

    lead_id: int
    reference: str
    title: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many leads one rule kept from a provider in how many decisions, and the latest of those leads."""

    code: str
    decisions: int
    leads: int
    latest: tuple[ExcludedLead, ...]


_CODES = tuple(rule.code for rule in (*RULES, BUSY))

# One look into the index for each rule, by a key that the planner sees: joined with a list of keys it would read all
# decisions of the period instead.
_ONE_CODE = """
SELECT %(code_{number})s AS code, lead_id, created_at FROM leads_routingdecision
 WHERE exclusion_keys @> ARRAY[%(key_{number})s] AND created_at >= %(since)s
"""
_BY_CODE = " UNION ALL ".join(_ONE_CODE.format(number=number) for number in range(len(_CODES)))

# Documents, which are long, are not read.  A lead is named once, however many waves it had.
_EXCLUSIONS = f"""
WITH excluding AS MATERIALIZED (
    SELECT code, lead_id, count(*) AS decisions, max(created_at) AS at
      FROM ({_BY_CODE}) AS decision GROUP BY code, lead_id
), ranked AS (
    SELECT code, lead_id, at, sum(decisions) OVER whole AS decisions, count(*) OVER whole AS leads,
           row_number() OVER (PARTITION BY code ORDER BY at DESC, lead_id DESC) AS position
      FROM excluding WINDOW whole AS (PARTITION BY code)
)
SELECT ranked.code, ranked.decisions::int, ranked.leads, lead.id, lead.reference, lead.title, ranked.at
  FROM ranked
  CROSS JOIN LATERAL (
      -- a few leads by their ids: without OFFSET all of them would be read to join them
      SELECT id, reference, title FROM leads_lead WHERE id = ranked.lead_id OFFSET 0) AS lead
 WHERE ranked.position <= %(examples)s
 ORDER BY ranked.leads DESC, ranked.code, ranked.position
"""  # noqa: S608  built of constants alone


def count_exclusions(provider_id: int, *, since: datetime.datetime) -> list[RuleCount]:
    """Count from an instant on what kept leads from a provider, most leads first; one statement.

    Only decisions that name the provider count: see ``RoutingDecision.excluded``.
    """
    parameters: dict[str, Any] = {"since": since, "examples": EXAMPLES}
    for number, code in enumerate(_CODES):
        parameters |= {f"code_{number}": code, f"key_{number}": exclusion_key(code, provider_id)}
    with connection.cursor() as cursor:
        cursor.execute(_EXCLUSIONS, parameters)
        return _by_rule(cursor.fetchall())


def _by_rule(rows: Sequence[tuple[Any, ...]]) -> list[RuleCount]:
    latest: dict[tuple[str, int, int], list[ExcludedLead]] = {}
    for code, decisions, leads, *lead in rows:
        latest.setdefault((code, decisions, leads), []).append(ExcludedLead(*lead))
    return [RuleCount(*rule, tuple(named)) for rule, named in latest.items()]
