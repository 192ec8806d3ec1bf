"""What the database says, in few statements: what was logged and made since, and how everything stands."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from backend.leads.tests.model.expected_market import ExpectedMarket
from backend.leads.tests.model.expected_values import Event, MadeDecision, MadeOffer

_EVENTS = """
SELECT r.log_id, r.machine, r.object_id, s.transition, s.state, r.actor
FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
WHERE r.log_id > %s ORDER BY r.log_id
"""
_OFFERS = """
SELECT id, lead_id, provider_id, was_claimed, expires_at FROM leads_leadassignment WHERE id > %s
"""
_DECISIONS = """
SELECT d.id, lead_id, wave, coalesce(jsonb_agg(provider) FILTER (WHERE outcome = 'offered'), '[]'),
       coalesce(jsonb_agg(provider) FILTER (WHERE outcome = 'told'), '[]')
FROM leads_routingdecision AS d
LEFT JOIN LATERAL ROWS FROM (
    jsonb_array_elements(candidates -> 'provider'),
    jsonb_array_elements_text(candidates -> 'outcome')
) AS candidate (provider, outcome) ON true
WHERE d.id > %s GROUP BY d.id
"""
_LEADS = "SELECT id, status, version, wave, category_id, deadline_at, duplicate_of_id FROM leads_lead"
_OFFER_STATES = "SELECT id, status FROM leads_leadassignment"
_PROVIDERS = """
SELECT p.id, p.status, l.open_offers, l.offers_total
FROM users_providerprofile AS p JOIN matching_providerload AS l ON l.provider_id = p.id
"""
_TIPS = "SELECT lead_id, provider_id FROM leads_leadtip"
_TERMS = "SELECT id, status FROM leads_termsversion"
_WAITING = "SELECT id FROM leads_lead WHERE retry_at <= %s"


@dataclass(slots=True)
class Observer:
    """Reads on from where it was; a new one begins at the present end of the log."""

    events: int = field(default_factory=lambda: _last("workflows_transitionrecord", "log_id"))
    offers: int = field(default_factory=lambda: _last("leads_leadassignment"))
    decisions: int = field(default_factory=lambda: _last("leads_routingdecision"))

    def read_news(self) -> tuple[list[Event], dict[int, MadeOffer], list[MadeDecision]]:
        """Return the events, offers and decisions since the last time."""
        rows = _fetch(_EVENTS, self.events)
        if not rows:
            return [], {}, []
        self.events = rows[-1][0]
        offers = {row[0]: MadeOffer(*row) for row in _fetch(_OFFERS, self.offers)}
        decided = _fetch(_DECISIONS, self.decisions)
        self.offers = max([self.offers, *offers])
        self.decisions = max([self.decisions, *(row[0] for row in decided)])
        decisions = [
            MadeDecision(lead, wave, frozenset(_list(offered)), frozenset(_list(told)))
            for _id, lead, wave, offered, told in decided
        ]
        return [Event(*row[1:]) for row in rows], offers, decisions


def _list(value: Any) -> list[int]:
    """Return a JSON array; Django has psycopg leave it as text."""
    return json.loads(value) if isinstance(value, str) else value


def list_waiting(due_at: datetime.datetime) -> set[int]:
    """Return the leads that look for providers again by then."""
    return {lead for (lead,) in _fetch(_WAITING, due_at)}


def assert_stands_as_expected(market: ExpectedMarket) -> None:
    """Compare every state, counter and right in the database with the model."""
    leads: dict[int, tuple[str, int, int, int, datetime.datetime, int | None]] = {
        one.id: (one.state, one.version, one.waves, one.category, one.deadline_at, one.duplicate_of)
        for one in market.leads.values()
    }
    assert {row[0]: row[1:] for row in _fetch(_LEADS)} == leads
    assert dict(_fetch(_OFFER_STATES)) == {key: offer.state for key, (_lead, offer) in market.offers.items()}
    assert {row[0]: row[1:] for row in _fetch(_PROVIDERS)} == {
        one.id: (one.state, one.open, one.on_day.total()) for one in market.providers.values()
    }
    assert set(_fetch(_TIPS)) == {(lead.id, one) for lead in market.leads.values() for one in lead.told}
    assert dict(_fetch(_TERMS)) == {one.id: one.state for one in market.terms.values()}


def _last(table: str, column: str = "id") -> int:
    return _fetch(f"SELECT coalesce(max({column}), 0) FROM {table}")[0][0]


def _fetch(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
