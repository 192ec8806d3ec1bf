"""How fast does a bulk run verify leads with two workers, one of which is killed again and again?

``BULK_LEADS`` says how many leads (10,000), ``BULK_KILLS`` how many times a worker is killed (5).
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterator

from django.db.models import Count, F, Q

from backend.benchmarks.bulk_market import UNCONFIRMED_EVERY, build_waiting_market, make_verifier
from backend.benchmarks.figures import Measurement
from backend.benchmarks.processes import start_worker
from backend.bulk.models import BulkRun
from backend.bulk.services.planning import plan_run, start_run
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.matching.models import ProviderLoad
from backend.users.models import User
from workflows import TransitionRecord

__all__ = ["TITLE", "measure"]

LEADS = int(os.environ.get("BULK_LEADS", "10000"))
KILLS = int(os.environ.get("BULK_KILLS", "5"))
TITLE = f"A bulk run that verifies {LEADS:,} leads, two workers, {KILLS} of them killed on the way"
WORKERS = 2
CONCURRENCY = 2
TIMEOUT_S = 3_600
POLL_INTERVAL_S = 0.2


def measure() -> Iterator[Measurement]:
    """Yield how long preview and run took, with the workers' processor time for both, once every invariant is checked.

    Raises: AssertionError when a lead is neither verified nor explained, or an invariant does not hold.
    """
    os.environ |= {"WORKER_HEARTBEAT_S": "1", "WORKER_DEAD_AFTER_S": "5"}
    verifier = make_verifier()
    build_waiting_market(leads=LEADS, by=verifier)
    cpu_before_s = _children_cpu_s()
    workers = [_start() for _worker in range(WORKERS)]
    try:
        run = _plan(verifier)
        start_run(run, by=verifier, arguments={})
        kills = _kill_until_done(run, workers)
    finally:
        for worker in workers:
            _end(worker)
    run.refresh_from_db()
    assert kills == KILLS, f"only {kills} workers were killed"
    _assert_accounted_for(run)
    preview_s, run_s = _spent_s(run, "planning"), _spent_s(run, "running")
    figures = {
        "preview s": preview_s,
        "run s": run_s,
        "leads/s": LEADS / run_s,
        "CPU s of the workers": _children_cpu_s() - cpu_before_s,
    }
    yield Measurement(f"{LEADS:,} leads", figures)


def _plan(verifier: User) -> BulkRun:
    run = plan_run(Lead.objects.all(), "verify", starter=verifier, selection="All", selection_url="/")
    _wait(run, "planning")
    return run


def _wait(run: BulkRun, status: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while run.status == status:
        assert time.monotonic() < deadline, f"still {status}"
        time.sleep(POLL_INTERVAL_S)
        run.refresh_from_db()


def _kill_until_done(run: BulkRun, workers: list[subprocess.Popen[bytes]]) -> int:
    """Kill a worker whenever another part of the leads is done; return how many were killed."""
    kills, deadline = 0, time.monotonic() + TIMEOUT_S
    while BulkRun.objects.filter(pk=run.pk, status="running").exists():
        assert time.monotonic() < deadline, "still running"
        time.sleep(POLL_INTERVAL_S)
        done = run.items.exclude(outcome="waiting").count()
        if kills < KILLS and done > LEADS * (kills + 1) / (KILLS + 1):
            victim = kills % len(workers)
            _end(workers[victim])
            workers[victim] = _start()
            kills += 1
    return kills


def _start() -> subprocess.Popen[bytes]:
    return start_worker("--concurrency", str(CONCURRENCY))


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()


def _children_cpu_s() -> float:
    """Return the processor time of the children that have ended; those that live are counted when they have."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _spent_s(run: BulkRun, state: str) -> float:
    """Return how long the run was in a state, by its own log."""
    left = TransitionRecord.objects.filter(
        machine="bulk.bulkrun", object_id=run.pk, log__source_state=state
    ).latest("sequence")
    assert left.time_in_previous_state is not None
    return left.time_in_previous_state.total_seconds()


def _assert_accounted_for(run: BulkRun) -> None:
    """Assert that every lead is verified or explained, once, with all that follows from it once."""
    outcomes = dict(run.items.values_list("outcome").annotate(count=Count("pk")).order_by())
    stay = len(range(0, LEADS, UNCONFIRMED_EVERY))
    assert outcomes == {"moved": LEADS - stay, "stays": stay}, outcomes
    assert Lead.objects.filter(status="verified", version=2).count() == LEADS - stay
    assert RoutingDecision.objects.count() == LEADS - stay
    told = TransitionRecord.objects.filter(request_id=run.request_id, log__transition="verify")
    assert told.count() == told.values("object_id").distinct().count() == LEADS - stay
    repeated = LeadAssignment.objects.values("lead", "provider").annotate(n=Count("pk")).filter(n__gt=1)
    assert not repeated.exists()
    open_offers = Count("provider__assignments", filter=Q(provider__assignments__status="offered"))
    assert not ProviderLoad.objects.annotate(n=open_offers).exclude(open_offers=F("n")).exists()
