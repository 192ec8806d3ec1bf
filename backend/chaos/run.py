"""One run: a market, people at work while everything goes wrong, and a wait until all has ended."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backend.chaos.browsing import Browser
from backend.chaos.clients import Choices, Client
from backend.chaos.drain import drain
from backend.chaos.market import DISPATCHERS, PASSWORD, PROVIDERS, VERIFIERS, build_market
from backend.chaos.plan import draw_plan
from backend.chaos.providers import provider_choices
from backend.chaos.record import Record
from backend.chaos.staff import DISPATCHER_CHOICES, VERIFIER_CHOICES
from backend.chaos.stage import Stage, port_of
from backend.chaos.striking import Struck, strike_all

__all__ = ["Limits", "Ran", "run"]

LEADS_A_SECOND = 4
LEADS_MIN = 100
PROVIDERS_AT_WORK = 6
POLL_INTERVAL_S = 0.1
LEADS, OFFERS = "/admin/leads/lead/", "/provider/offers/"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long it may take: until things move after a fault, and until all has ended after the last one."""

    stall_s: float = 10
    drain_s: float = 120


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run leaves to be judged, beside the database.

    ``left`` counts what had not ended when the wait was over, ``broken`` says where a client of ours failed.
    ``until`` is the instant (``time.time()``) at which the last fault's consequences were no longer waited for.
    """

    record: Record
    struck: list[Struck]
    left: dict[str, int]
    broken: list[str]
    until: float
    drain_s: float


def run(stage: Stage, *, seconds: float, seed: int, limits: Limits) -> Ran:
    """Strike for so many seconds while people work, then wait until everything has ended."""
    record = Record()
    build_market(leads=LEADS_MIN + int(LEADS_A_SECOND * seconds), webhook_port=stage.webhook_wire.port)
    plan = draw_plan(seconds, seed=seed)
    with _people_at_work(stage, record, seed=seed) as clients:
        struck = strike_all(plan, stage, seconds=seconds)
        _wait_until_moving(record, since=struck[-1].ended_at if struck else 0.0, limit_s=limits.stall_s + 1)
    begun = time.monotonic()
    left = drain(timeout_s=limits.drain_s)
    broken = [f"{error!r}" for client in clients for error in client.errors]
    return Ran(record, struck, left, broken, until=time.time(), drain_s=time.monotonic() - begun)


def _wait_until_moving(record: Record, *, since: float, limit_s: float) -> None:
    deadline = since + limit_s
    while time.time() < deadline and not any(at > since for at in tuple(record.acknowledged_at)):
        time.sleep(POLL_INTERVAL_S)


@contextmanager
def _people_at_work(stage: Stage, record: Record, *, seed: int) -> Iterator[list[Client]]:
    """Have people at work while the block runs; each chooses from dice of its own."""
    stop = threading.Event()
    clients = list(_make_clients(stage, record, stop, seed=seed))
    threads = [threading.Thread(target=client.run, name="client") for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _make_clients(stage: Stage, record: Record, stop: threading.Event, *, seed: int) -> Iterator[Client]:
    people: list[tuple[str, Choices, str]] = [
        *((name, VERIFIER_CHOICES, LEADS) for name in VERIFIERS),
        *((name, DISPATCHER_CHOICES, LEADS) for name in DISPATCHERS),
    ]
    people += [(name, provider_choices(name), OFFERS) for name in PROVIDERS[:PROVIDERS_AT_WORK]]
    for name, choices, home in people:
        browser = Browser(port_of(stage.web))
        browser.log_in(name, PASSWORD)
        dice = random.Random(f"{name} {seed}")  # noqa: S311  to be repeated, not to be secret
        yield Client(browser, record, dice, stop, choices, home)
