"""Past leads to replay: three in one market, each with three offers, one of which was accepted and one won."""

from __future__ import annotations

from datetime import timedelta

from backend.leads.models import Lead
from backend.leads.replay.past_decisions import Period
from backend.leads.tests.factories import QUOTES, chief, make_lead, make_market
from workflows import clock

__all__ = ["make_past_leads", "period_until_now"]


def make_past_leads() -> list[Lead]:
    """Return three leads whose best provider declined, whose second accepted, and whose third was not quick enough."""
    category = make_market(providers=3, open_offers_max=50)
    return [_live_through(make_lead(category)) for _number in range(3)]


def period_until_now(days: int = 30) -> Period:
    """Return the last days."""
    return Period(clock.now() - timedelta(days=days), clock.now() + timedelta(seconds=1))


def _live_through(lead: Lead) -> Lead:
    lead.verify(by=chief())
    best, second, _third = lead.assignments.order_by("rank")
    best.decline(by=chief(), reason="too_busy")
    second.accept(by=chief())
    lead.record_quote(by=QUOTES, assignment=second)
    lead.award(by=chief(), assignment=second)
    return lead
