"""What time does to leads and offers: they expire, and whoever must act next is reminded.

Each function is one sweep: it takes what is due by now, may run late, twice, or beside another one.
"""

from __future__ import annotations

from django.db import transaction

from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import OFFERED
from backend.leads.services import announcements, supply
from workflows import Channel, SystemActor, acting, clock
from workflows.sweeps import Swept, sweep

__all__ = [
    "expire_leads",
    "expire_offers",
    "remind_clients_of_quotes",
    "remind_providers_of_offers",
    "remind_staff_of_new_leads",
    "retry_waiting_leads",
]

TIMER = SystemActor("timer")
REMINDED_AT_A_TIME = 1000


def expire_offers() -> Swept:
    """End the offers whose time has run out, the earliest first; each place is offered to the next best."""
    due = LeadAssignment._base_manager.filter(
        status=LeadAssignment.Status.OFFERED, expires_at__lte=clock.now()
    )
    with acting(by=TIMER, channel=Channel.TIMER):
        # Lead before offer, as everywhere: an answer that is being given holds its lead.
        return sweep(
            due.select_related("lead").order_by("expires_at", "pk"),
            lambda offer: offer.expire(by=TIMER),
            lock="lead",
        )


def expire_leads() -> Swept:
    """End the open leads whose deadline has passed."""
    due = Lead._base_manager.filter(
        status__in=[Lead.Status.NEW, *OFFERED], deadline_at__lte=clock.now()
    ).order_by("deadline_at", "pk")
    with acting(by=TIMER, channel=Channel.TIMER):
        return sweep(due, lambda lead: lead.expire(by=TIMER))


def retry_waiting_leads() -> Swept:
    """Look again for providers of leads that lacked some."""
    now = clock.now()
    due = Lead._base_manager.filter(status__in=OFFERED, retry_at__lte=now, deadline_at__gt=now)
    with acting(by=TIMER, channel=Channel.TIMER):
        return sweep(due.order_by("retry_at", "pk"), supply.look_again)


@transaction.atomic
def remind_providers_of_offers() -> int:
    """Remind the providers whose offers are about to expire, each once; return how many."""
    due = LeadAssignment._base_manager.filter(
        status=LeadAssignment.Status.OFFERED, remind_at__lte=clock.now(), expires_at__gt=clock.now()
    )
    rows = due.select_related("lead__category", "provider").order_by("remind_at", "pk")
    offers = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:REMINDED_AT_A_TIME])
    LeadAssignment._base_manager.filter(pk__in=[offer.pk for offer in offers]).update(remind_at=None)
    announcements.remind_providers(offers)
    return len(offers)


@transaction.atomic
def remind_staff_of_new_leads() -> int:
    """Remind those who verify of new leads that wait too long: one message for all of them, each lead once.

    All at a time, however many: an import of ten thousand is to bring one message, not ten.
    """
    leads = _take_due_leads(Lead.Status.NEW, limit=None)
    if leads:
        announcements.remind_staff(leads)
    return len(leads)


@transaction.atomic
def remind_clients_of_quotes() -> int:
    """Remind the clients whose quotes wait for an answer, each once."""
    leads = _take_due_leads(Lead.Status.QUOTED, limit=REMINDED_AT_A_TIME)
    announcements.remind_clients(leads)
    return len(leads)


def _take_due_leads(status: Lead.Status, *, limit: int | None) -> list[Lead]:
    """Return the leads in a state whose reminder is due, the oldest first; it is due no more."""
    rows = Lead._base_manager.filter(status=status, remind_at__lte=clock.now(), deadline_at__gt=clock.now())
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    leads = list(locked.order_by("created_at", "pk")[:limit])
    Lead._base_manager.filter(pk__in=[lead.pk for lead in leads]).update(remind_at=None)
    return leads
