"""Workers are killed again and again under a bulk run: every lead ends verified or explained, each once."""

from __future__ import annotations

import random

import pytest
from django.db.models import Count, F, Q

from backend.bulk.models import BulkRun
from backend.bulk.services import slices
from backend.bulk.services.planning import start_run
from backend.jobs.models import Job
from backend.jobs.tests.worker_process import WorkerProcess, wait_until
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.bulk_runs import make_leads, plan
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification
from workflows import TransitionRecord
from workflows.hash_chain import find_broken_links

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

CONFIRMED, OTHERS, PROVIDERS = 200, 20, 2
TOGETHER = 8
DONE_BETWEEN_DEATHS = (15, 45)
KILLED_MIN = 3
SEED = 20261124
IMPATIENT = {"WORKER_HEARTBEAT_S": "0.5", "WORKER_DEAD_AFTER_S": "2", "WORKER_CONCURRENCY": "2"}


class TestKillLoop:
    def test_verifies_or_explains_every_lead_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Small batches: a worker must die in the middle of many.
        monkeypatch.setattr(slices, "RUN_TOGETHER", TOGETHER)
        make_leads(CONFIRMED, others=OTHERS, providers=PROVIDERS)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})

        killed = kill_in_turn_until_finished(run)

        assert killed >= KILLED_MIN
        assert_accounted_for(run)
        assert_invariants_hold()


def kill_in_turn_until_finished(run: BulkRun) -> int:
    """Let two workers share the run, killing one after the other in the middle of it; return how many were killed.

    What brings the next death is what was done since the last one, so that a slow machine tells the same story.
    """
    dice, killed = random.Random(SEED), 0
    workers = [WorkerProcess(f"worker {number}", **IMPATIENT) for number in range(2)]
    try:
        while wait_for_more(run, dice.randint(*DONE_BETWEEN_DEATHS)):
            victim = killed % len(workers)
            workers[victim].kill()
            workers[victim] = WorkerProcess(f"worker {killed}", **IMPATIENT)
            killed += 1
    finally:
        for worker in workers:
            worker.kill()
    return killed


def wait_for_more(run: BulkRun, count: int) -> bool:
    """Wait until so many more objects have had their turn; return False when the run has ended instead."""
    waiting = run.items.filter(outcome="waiting")
    left = waiting.count() - count
    wait_until(lambda: waiting.count() <= left or has_ended(run), what=f"{count} more had their turn")
    return not has_ended(run)


def has_ended(run: BulkRun) -> bool:
    return not BulkRun.objects.filter(pk=run.pk, status="running").exists()


def assert_accounted_for(run: BulkRun) -> None:
    run.refresh_from_db()
    assert run.status == "finished"
    outcomes = dict(run.items.values_list("outcome").annotate(count=Count("pk")).order_by())
    assert outcomes == {"moved": CONFIRMED, "stays": OTHERS}
    moved = run.items.filter(outcome="moved").values_list("object_id", flat=True)
    assert set(moved) == set(Lead.objects.filter(status="verified").values_list("pk", flat=True))
    stayed = run.items.filter(outcome="stays")
    assert set(stayed.values_list("reason", flat=True)) == {"contact_is_confirmed"}
    assert Lead.objects.filter(pk__in=stayed.values("object_id"), status="new", version=1).count() == OTHERS
    told = TransitionRecord.objects.filter(request_id=run.request_id, log__transition="verify")
    assert sorted(told.values_list("object_id", flat=True)) == sorted(moved)
    assert set(told.values_list("actor", "channel")) == {(f"user:{run.starter_id}", "bulk")}


def assert_invariants_hold() -> None:
    """Each was routed once, assigned once and told of once, whatever died in between."""
    assert RoutingDecision.objects.count() == CONFIRMED
    offers = LeadAssignment.objects.count()
    assert offers == CONFIRMED * PROVIDERS
    assert not LeadAssignment.objects.values("lead", "provider").annotate(n=Count("pk")).filter(n__gt=1)
    assert Notification.objects.filter(type="lead_assigned").count() == offers
    open_offers = Count("provider__assignments", filter=Q(provider__assignments__status="offered"))
    assert not ProviderLoad.objects.annotate(n=open_offers).exclude(open_offers=F("n")).exists()
    assert find_broken_links("leads.lead") == []
    assert not Job.objects.filter(task_name__startswith="bulk.", status__in=["failed", "todo"]).exists()
