"""The demo market: months of real transitions under a moved clock, in one transaction."""

from __future__ import annotations

import contextlib
import datetime
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from backend.catalog.models import Category
from backend.catalog.services import load_catalogue
from backend.leads.models import Lead
from backend.leads.terms_in_force import held_terms
from backend.matching import track_record
from backend.notifications.models import Notification
from backend.procompare.demo.agenda import Agenda
from backend.procompare.demo.chance import chance_of
from backend.procompare.demo.deliveries import discard_jobs, last_job_id, note_deliveries
from backend.procompare.demo.hubs import list_hubs
from backend.procompare.demo.lead_life import plan_lead
from backend.procompare.demo.offer_life import OfferLife
from backend.procompare.demo.provider_life import ProviderLife
from backend.procompare.demo.provider_logins import give_provider_logins
from backend.procompare.demo.providers import plan_providers
from backend.procompare.demo.requests import RequestPlanner, request_count_min
from backend.procompare.demo.staff import hire_staff
from backend.procompare.demo.stage import Stage
from backend.procompare.demo.submission import Submission
from backend.procompare.demo_logins import DEMO_LOGINS
from backend.users.models import ProviderProfile, User
from workflows import audit
from workflows.locking import lock_out

__all__ = ["MarketIsNotEmpty", "MarketSize", "build_market", "why_not_empty"]

HISTORY = datetime.timedelta(days=120)
STAFF_SINCE = datetime.timedelta(days=600)
UNREAD_SINCE = datetime.timedelta(days=3)

# Any number that nothing else of the project locks.
ADVISORY_LOCK = 7_046_311


class MarketIsNotEmpty(Exception):
    """Cannot build the demo market: the database holds … already."""


@dataclass(frozen=True, slots=True)
class MarketSize:
    """How large a market to build, from which seed, as of which instant (aware); the same makes the same market.

    Raises: ValueError when there would be no provider, or too few leads to show every kind.
    """

    seed: int
    providers: int
    leads: int
    as_of: datetime.datetime

    def __post_init__(self) -> None:
        if self.providers < 1 or self.leads < request_count_min():
            raise ValueError(
                f"Cannot build a market of {self.providers} providers and {self.leads} leads: "
                f"it takes 1 and {request_count_min()} at least."
            )


def why_not_empty() -> str:
    """Say what keeps a demo market out of this database; "" when it may be built."""
    if leads := Lead.objects.count():
        return f"the database holds {leads} leads already"
    if providers := ProviderProfile.objects.count():
        return f"the database holds {providers} providers already"
    logins = [login.username for login in DEMO_LOGINS]
    taken = list(
        User.objects.filter(username__in=logins).order_by("username").values_list("username", flat=True)
    )
    return f"these logins are taken: {', '.join(taken)}" if taken else ""


@transaction.atomic
def build_market(size: MarketSize, *, on_day: Callable[[], None] = lambda: None) -> None:
    """Build the market whole, or not at all: a process that is killed leaves nothing behind.

    ``on_day`` is called as each of the ``HISTORY`` days has passed.

    Raises: MarketIsNotEmpty when the database has leads, providers or one of the demo logins.
    """
    # Of two at the same time, the second one waits and then finds a market.
    lock_out(ADVISORY_LOCK)
    if reason := why_not_empty():
        raise MarketIsNotEmpty(f"Cannot build the demo market: {reason}.")
    youngest_job = last_job_id()
    load_catalogue()
    opened_at = size.as_of - HISTORY
    stage = _set_stage(size)
    _plan(size, stage, opened_at=opened_at)
    # The log rows of all that happens are written together at the end.
    with _query_log_off(), _garbage_collection_off(), audit.collecting(), held_terms():
        _run(stage.agenda, opened_at=opened_at, as_of=size.as_of, on_day=on_day)
    track_record.refresh_category_records(at=size.as_of)
    give_provider_logins(chance_of(size.seed, "logins"), list_hubs()[0])
    note_deliveries()
    discard_jobs(since=youngest_job)
    _open_old_notifications(before=size.as_of - UNREAD_SINCE)


def _set_stage(size: MarketSize) -> Stage:
    staff = hire_staff(chance_of(size.seed, "staff"), at=size.as_of - STAFF_SINCE)
    return Stage(agenda=Agenda(), chance=chance_of(size.seed, "life"), staff=staff)


def _plan(size: MarketSize, stage: Stage, *, opened_at: datetime.datetime) -> None:
    """Put everybody who joins and everything that is asked for into the agenda."""
    hubs = list_hubs()
    chance = chance_of(size.seed, "providers")
    providers = plan_providers(chance, hubs, count=size.providers, opened_at=opened_at, as_of=size.as_of)
    ProviderLife(stage, opened_at, size.as_of).plan(providers)
    planner = RequestPlanner.over(
        chance_of(size.seed, "requests"), hubs, opened_at=opened_at, as_of=size.as_of
    )
    categories = {category.slug: category for category in Category.objects.all()}
    offers, submission = OfferLife(stage), Submission(stage, categories)
    for request in planner.plan(size.leads):
        plan_lead(stage, offers, submission, request)


def _run(
    agenda: Agenda, *, opened_at: datetime.datetime, as_of: datetime.datetime, on_day: Callable[[], None]
) -> None:
    days = -1
    for at in agenda.run(until=as_of):
        passed = (at - opened_at) // datetime.timedelta(days=1)
        for day in range(days, passed):
            _analyze(day)
            on_day()
        days = max(days, passed)


@contextlib.contextmanager
def _query_log_off() -> Iterator[None]:
    """Keep Django from writing every statement down, as it does with DEBUG=1: it takes a tenth of the time."""
    before = settings.DEBUG
    settings.DEBUG = False
    try:
        yield
    finally:
        settings.DEBUG = before


@contextlib.contextmanager
def _garbage_collection_off() -> Iterator[None]:
    """Keep Python from looking for garbage: what piles up here is needed to the end, and is looked through in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _analyze(day: int) -> None:
    """Tell the planner now and then how large the tables have grown, which it learns only after the commit."""
    if day % 10 == 0:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _open_old_notifications(*, before: datetime.datetime) -> None:
    """Have everybody read what they were told, but for the last days: an inbox is not months deep."""
    hours = datetime.timedelta(hours=3)
    Notification.objects.filter(created_at__lt=before).update(read_at=F("created_at") + hours)
