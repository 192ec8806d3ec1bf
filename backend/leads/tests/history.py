"""A hand-made history of leads around a fixed instant: shared by the tests of figures and of the dashboard."""

from __future__ import annotations

import datetime

from backend.leads.figures.scope import Scope
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.factories import QUOTES, TIMER, chief, make_lead, make_market
from workflows import clock

__all__ = ["DAY", "HOUR", "NOW", "SCOPE", "accepted", "make_history", "submitted", "verified"]

NOW = datetime.datetime(2026, 6, 30, 12, 0, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
SCOPE = Scope(NOW)


def submitted(*, ago: datetime.timedelta, providers: int = 2) -> Lead:
    """Return a lead that came in so long ago, in a market of its own."""
    with clock.at(NOW - ago):
        return make_lead(make_market(providers=providers))


def verified(*, ago: datetime.timedelta, after: datetime.timedelta, providers: int = 2) -> Lead:
    """Return a lead that came in so long ago and was verified so long after that."""
    lead = submitted(ago=ago, providers=providers)
    with clock.at(NOW - ago + after):
        lead.verify(by=chief())
    return lead


def accepted(*, ago: datetime.timedelta, after: datetime.timedelta) -> Lead:
    """Return a lead that was verified one hour after it came in, and accepted so long after that."""
    lead = verified(ago=ago, after=HOUR)
    with clock.at(NOW - ago + HOUR + after):
        lead.assignments.order_by("rank")[0].accept(by=chief())
    return lead


def make_history() -> dict[str, Lead]:
    """Return four leads of the 30 days and one of those before, each come as far as its name says.

    Each verified one had two offers.  Of ``verified`` one was declined and one ran out; of ``won`` one won and one
    was lost unanswered; of the others one was accepted and one is open.
    """
    history = {
        "new": submitted(ago=5 * HOUR),
        "verified": verified(ago=5 * DAY, after=3 * HOUR),
        "accepted": accepted(ago=10 * DAY, after=4 * HOUR),
        "won": accepted(ago=12 * DAY, after=2 * HOUR),
        "before": accepted(ago=40 * DAY, after=6 * HOUR),
    }
    with clock.at(NOW - 11 * DAY):
        offer = history["won"].assignments.get(status="accepted")
        won = Lead.objects.get(pk=history["won"].pk)
        won.record_quote(by=QUOTES, assignment=offer)
        won.award(by=chief(), assignment=offer)
    first, second = history["verified"].assignments.order_by("rank")
    with clock.at(NOW - 4 * DAY):
        first.decline(by=chief(), reason="too_busy")
    with clock.at(NOW - 2 * DAY):
        LeadAssignment.objects.get(pk=second.pk).expire(by=TIMER)
    return history
