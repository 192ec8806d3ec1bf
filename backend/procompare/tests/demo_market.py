"""A small demo market for tests, and what tells two of them apart."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.notifications.models import Notification
from backend.procompare.demo.market import MarketSize
from backend.users.models import ProviderCategory, ProviderProfile, User

AS_OF = datetime.datetime(2025, 6, 11, 12, tzinfo=datetime.UTC)


def small_market(*, seed: int = 1, leads: int = 160, providers: int = 120) -> MarketSize:
    """Return a market that shows every state of a lead."""
    return MarketSize(seed=seed, providers=providers, leads=leads, as_of=AS_OF)


def fingerprint() -> dict[str, str]:
    """Return a digest of each part of the market; ids are left out, names stand for them."""
    return {
        part: hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()
        for part, rows in _parts().items()
    }


def _parts() -> dict[str, list[Any]]:
    offered = ProviderCategory.objects.order_by("provider__company_name", "category__slug")
    return {
        "users": list(User.objects.order_by("username").values_list(
            "username", "first_name", "last_name", "email", "password", "is_staff", "date_joined", "groups__name"
        )),
        "providers": [_without_ids(row) for row in ProviderProfile.objects.order_by("company_name").values()],
        "categories": list(offered.values_list("provider__company_name", "category__slug", "typical_price")),
        "leads": [_without_ids(row) for row in Lead.objects.order_by("reference").values()],
        "contacts": list(Lead.objects.order_by("reference").values_list(
            "contact__name", "contact__email", "contact__phone", "contact__confirmed_at"
        )),
        "offers": list(LeadAssignment.objects.order_by("lead__reference", "provider__company_name").values_list(
            "lead__reference", "provider__company_name", "status", "version", "rank", "score", "expires_at",
            "created_at",
        )),
        "decisions": [list(_decision_facts(d)) for d in RoutingDecision.objects.order_by("lead__reference", "wave")],
        "notifications": list(Notification.objects.order_by(
            "recipient__username", "created_at", "type", "subject"
        ).values_list("recipient__username", "type", "subject", "body", "created_at", "read_at")),
        "log": _log(),
    }  # fmt: skip


def _without_ids(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id" and not name.endswith("_id")}


def _decision_facts(decision: RoutingDecision) -> Iterator[object]:
    yield from (decision.wave, decision.created_at, decision.shortfall, decision.excluded_counts)
    yield [(entry["name"], entry["rank"], entry["score"], entry["outcome"]) for entry in decision.candidates]


def _log() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.machine, r.sequence, r.channel, r.request_id, r.reason, s.transition, s.source_state, s.state,
                   s.timestamp, u.username
            FROM workflows_transitionrecord r JOIN django_fsm_log_statelog s ON s.id = r.log_id
            LEFT JOIN users_user u ON u.id = s.by_id
            ORDER BY s.timestamp, r.request_id, r.machine, s.transition, r.sequence, u.username
            """
        )
        return cursor.fetchall()
