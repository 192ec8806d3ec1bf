"""The jobs of leads: timers that sweep, what follows when providers can take more, the providers' records."""

from __future__ import annotations

from procrastinate.contrib.django import app

from backend.jobs.alone import unless_running
from backend.jobs.priorities import Priority
from backend.jobs.retry import Backoff
from backend.leads.services import supply, timers, track_records, what_ifs
from backend.matching import track_record
from workflows import Channel, acting, clock

__all__ = [
    "expire",
    "offer_waiting_leads",
    "rebuild_track_records",
    "refresh_category_records",
    "remind",
    "retry_waiting_leads",
    "work_out_what_if",
]


@app.periodic(cron="* * * * * */10")
@app.task(name="leads.expire", priority=Priority.SOON)
@unless_running
def expire(timestamp: int) -> None:
    """End offers and leads whose time is over: every ten seconds."""
    timers.expire_offers()
    timers.expire_leads()


@app.periodic(cron="* * * * *")
@app.task(name="leads.remind", priority=Priority.SOON)
@unless_running
def remind(timestamp: int) -> None:
    """Remind providers, staff and clients of what waits for them: every minute."""
    timers.remind_providers_of_offers()
    timers.remind_staff_of_new_leads()
    timers.remind_clients_of_quotes()


@app.periodic(cron="* * * * *")
@app.task(name="leads.retry_waiting_leads", priority=Priority.NORMAL)
@unless_running
def retry_waiting_leads(timestamp: int) -> None:
    """Look again for providers of leads that lack some: every minute, each lead every hour."""
    timers.retry_waiting_leads()


@app.task(name="leads.offer_waiting_leads", priority=Priority.SOON, retry=Backoff())
def offer_waiting_leads(*, provider_id: int) -> None:
    """Try the leads that lack providers with one that can take more than before."""
    with acting(channel=Channel.TIMER):
        supply.offer_waiting_leads(provider_id)


@app.periodic(cron="17 * * * *")
@app.task(name="leads.refresh_category_records", priority=Priority.NORMAL)
@unless_running
def refresh_category_records(timestamp: int) -> None:
    """Sum up how providers do in each category: every hour."""
    track_record.refresh_category_records(at=clock.now())


@app.periodic(cron="23 3 * * *")
@app.task(name="leads.rebuild_track_records", priority=Priority.NORMAL)
@unless_running
def rebuild_track_records(timestamp: int) -> None:
    """Make the providers' records anew from the log: every night, and thereby the first night after an upgrade."""
    track_records.rebuild()


@app.task(name="leads.work_out_what_if", priority=Priority.NORMAL)
def work_out_what_if(*, what_if_id: int) -> None:
    """Try terms or a model on past leads: somebody waits for the answer."""
    what_ifs.work_out(what_if_id)
