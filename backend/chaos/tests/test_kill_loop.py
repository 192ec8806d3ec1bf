"""Workers are killed again and again while leads are verified and answered: nothing acknowledged is lost."""

from __future__ import annotations

import datetime
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import pytest
from django.db import connections
from django.db.models import Count, F, Q

from backend.catalog.models import Category
from backend.chaos.drain import drain
from backend.jobs.models import Job
from backend.jobs.tests.worker_process import WorkerProcess
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.terms import BUILT_IN_TERMS
from backend.leads.tests.factories import chief, make_category, make_lead, make_provider
from backend.matching.models import ProviderLoad
from backend.notifications.models import Delivery, Notification
from backend.notifications.tests.mail_server import MailServer, mail_server
from backend.users.models import User
from workflows import TransitionRefused, clock
from workflows.hash_chain import find_broken_links

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

LEADS = 150
# So few that a lead makes two offers: three hundred mails in all, a load that two busy processors bear.
CATEGORIES, PROVIDERS_EACH = 6, 2
THREADS = 2  # that verify, and as many that answer
# A worker needs a second or two to start; it lives for about as long again.
LIFE_S = (2.5, 4.0)
DRAIN_TIMEOUT_S = 180  # ten seconds, unless others want the machine too
SEED = 20261124

# What waits for the dead is found soon: a test has no minutes.
IMPATIENT = {
    "WORKER_HEARTBEAT_S": "0.5",
    "WORKER_DEAD_AFTER_S": "3",
    "WORKER_CONCURRENCY": "8",
    "DELIVERY_ATTEMPT_TIMEOUT_S": "5",
    "DELIVERY_RETRY_FIRST_S": "0.5",
    "DELIVERY_RETRY_LONGEST_S": "2",
    "DELIVERY_ATTEMPTS_MAX": "100",
    "EMAILS_IN_FLIGHT_MAX": "64",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_USE_TLS": "0",
}


@dataclass(slots=True)
class Acknowledged:
    """What a call has returned for: from then on it must not be lost."""

    verified: list[int] = field(default_factory=list)
    answers: dict[int, str] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)


def make_market() -> list[Category]:
    """Return categories whose providers can take every lead, and have a mailbox."""
    categories = [make_category() for _category in range(CATEGORIES)]
    for category in categories:
        for _provider in range(PROVIDERS_EACH):
            make_provider(category, open_offers_max=1000, leads_per_day_max=1000, leads_per_month_max=1000)
    for user in User.objects.filter(provider_profile__isnull=False):
        user.email = f"{user.username}@example.com"
        user.save(update_fields=["email"])
    return categories


def verify_all(leads: queue.SimpleQueue[int], verified: queue.SimpleQueue[int], told: Acknowledged) -> None:
    """Verify until none is left, then send one of those who answer home."""
    with suppress(queue.Empty):
        while True:
            lead = Lead.objects.get(pk=leads.get_nowait())
            lead.verify(by=chief())
            told.verified.append(lead.pk)
            verified.put(lead.pk)
    verified.put(None)


def answer_all(verified: queue.SimpleQueue[int], told: Acknowledged, dice: random.Random) -> None:
    """Answer the offers of each lead as it comes, until it is None that comes."""
    while (lead_id := verified.get()) is not None:
        for offer in LeadAssignment.objects.filter(lead=lead_id, status="offered"):
            answer(offer, told, dice)


def answer(offer: LeadAssignment, told: Acknowledged, dice: random.Random) -> None:
    """Accept, decline, wait, or let the time run out; a refusal (no place left, a sweep was first) is an end too."""
    # The sweep takes those that expire one by one: some fifty are enough.
    what = dice.choices(["accept", "decline", "wait", "expire"], weights=[4, 4, 4, 1])[0]
    try:
        if what == "accept":
            offer.accept(by=chief())
            told.answers[offer.pk] = "accepted"
        elif what == "decline":
            offer.decline(by=chief(), reason="too_busy")
            told.answers[offer.pk] = "declined"
    except TransitionRefused:
        return
    if what == "expire":
        LeadAssignment._base_manager.filter(pk=offer.pk).update(
            expires_at=clock.now() - datetime.timedelta(seconds=1)
        )


@contextmanager
def in_threads(calls: list[Callable[[], None]], told: Acknowledged) -> Iterator[list[threading.Thread]]:
    """Run calls in threads of their own; what goes wrong in one is kept."""

    def run(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:
            told.errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()


class Workers:
    """Two workers that can be replaced; all that live are killed at the end of the ``with``."""

    def __init__(self, mail_port: int) -> None:
        self._environment = {**IMPATIENT, "EMAIL_PORT": str(mail_port)}
        self._workers = [self._start(name) for name in range(2)]
        self.killed = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_error: object) -> None:
        for worker in self._workers:
            worker.kill()

    def kill_in_turn(self, *, while_alive: list[threading.Thread]) -> None:
        """Kill one after the other in the middle of whatever it does, and start another in its place."""
        dice = random.Random(SEED)
        while any(thread.is_alive() for thread in while_alive):
            time.sleep(dice.uniform(*LIFE_S) / len(self._workers))
            victim = self.killed % len(self._workers)
            self._workers[victim].kill()
            self._workers[victim] = self._start(self.killed)
            self.killed += 1

    def _start(self, number: int) -> WorkerProcess:
        return WorkerProcess(f"worker {number}", **self._environment)


class TestKillLoop:
    def test_loses_nothing_and_repeats_no_offer(self) -> None:
        categories = make_market()
        leads, verified, told = queue.SimpleQueue(), queue.SimpleQueue(), Acknowledged()
        for number in range(LEADS):
            leads.put(make_lead(categories[number % CATEGORIES]).pk)

        calls: list[Callable[[], None]] = []
        for number in range(THREADS):
            calls.append(partial(verify_all, leads, verified, told))
            calls.append(partial(answer_all, verified, told, random.Random(SEED + number)))
        with mail_server() as mails, Workers(mails.port) as workers:
            with in_threads(calls, told) as threads:
                workers.kill_in_turn(while_alive=threads)
            assert drain(timeout_s=DRAIN_TIMEOUT_S) == {}, "still on their way"

        assert told.errors == []
        assert workers.killed >= 5
        assert_nothing_is_lost(told)
        assert_invariants_hold()
        assert_mails_are_known(mails)


def assert_nothing_is_lost(told: Acknowledged) -> None:
    """What was acknowledged is there, with all that follows from it."""
    assert sorted(told.verified) == sorted(Lead.objects.filter(version__gte=2).values_list("pk", flat=True))
    assert len(told.verified) == LEADS
    first = RoutingDecision.objects.filter(wave=1).values_list("lead", flat=True)
    assert sorted(first) == sorted(told.verified)
    kept = dict(LeadAssignment.objects.filter(pk__in=told.answers).values_list("pk", "status"))
    assert kept == told.answers
    offers = LeadAssignment.objects.count()
    assert offers == LEADS * PROVIDERS_EACH
    assert Notification.objects.filter(type="lead_assigned").count() == offers


def assert_invariants_hold() -> None:
    repeated = LeadAssignment.objects.values("lead", "provider").annotate(n=Count("pk")).filter(n__gt=1)
    assert list(repeated) == []
    accepted = Lead.objects.annotate(n=Count("assignments", filter=Q(assignments__status="accepted")))
    assert not accepted.filter(n__gt=BUILT_IN_TERMS.accepted_max).exists()
    open_offers = Count("provider__assignments", filter=Q(provider__assignments__status="offered"))
    assert not ProviderLoad.objects.annotate(n=open_offers).exclude(open_offers=F("n")).exists()
    overdue = LeadAssignment._base_manager.filter(status="offered", expires_at__lte=clock.now())
    assert not overdue.exists()
    assert {machine: find_broken_links(machine) for machine in ("leads.lead", "leads.leadassignment")} == {
        "leads.lead": [],
        "leads.leadassignment": [],
    }
    assert list(Job.objects.filter(status="failed").values_list("task_name", "error__message")) == []


def assert_mails_are_known(mails: MailServer) -> None:
    """Each notification has its deliveries, each delivery an end, each delivered mail arrived, and none is unknown."""
    received = {message["Message-ID"] for message in mails.messages}
    assert not Notification.objects.filter(deliveries__isnull=True).exists()
    assert set(Delivery.objects.values_list("status", flat=True)) <= {"delivered", "skipped"}
    sent = Delivery.objects.filter(channel="email")
    delivered = {name_of(key) for key in sent.filter(status="delivered").values_list("key", flat=True)}
    assert len(delivered) > LEADS / 2
    assert delivered - received == set()
    assert received - {name_of(key) for key in sent.values_list("key", flat=True)} == set()


def name_of(key: object) -> str:
    """Return the Message-ID of a delivery."""
    return f"<{key}@procompare.example>"
