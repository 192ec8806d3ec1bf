"""What must hold of bulk runs, of runs over leads: each planted violation is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from backend.bulk.invariants import INVARIANTS
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.services.planning import start_run
from backend.jobs.testing import run_due_jobs
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.bulk_runs import figures_of, make_leads, plan
from workflows.invariants.tests.planting import drop_constraint, find_violated, find_violators, plant

pytestmark = pytest.mark.django_db


def finish_a_run() -> BulkRun:
    """Return a run that has moved two leads; a third, whose contact nobody has confirmed, stayed."""
    make_leads(2, others=1)
    starter = make_member("verifier")
    run = plan(starter)
    start_run(run, by=starter, arguments={})
    run_due_jobs()
    run.refresh_from_db()
    return run


def change_run(run: BulkRun, change: str) -> int:
    plant(f"UPDATE bulk_bulkrun SET {change} WHERE id = %s", run.pk)
    return run.pk


def change_item(run: BulkRun, outcome: str, change: str) -> BulkItem:
    item = run.items.filter(outcome=outcome).order_by("pk")[0]
    plant(f"UPDATE bulk_bulkitem SET {change} WHERE id = %s", item.pk)
    return item


def repeat_an_object(run: BulkRun) -> int:
    drop_constraint("bulk_bulkitem", "bulk_object_once")
    first, second = run.items.filter(outcome="moved").order_by("pk")
    plant("UPDATE bulk_bulkitem SET object_id = %s WHERE id = %s", first.object_id, second.pk)
    return second.pk


PLANTS: dict[str, list[Callable[[BulkRun], int]]] = {
    "bulk.object_is_once_in_a_run": [repeat_an_object],
    "bulk.moved_object_has_its_event": [
        lambda run: change_item(run, "moved", "outcome = 'stays'").pk,
        lambda run: change_item(run, "stays", "outcome = 'moved'").pk,
        lambda run: change_item(run, "moved", "object_id = 0").pk,
    ],
    "bulk.run_counts_its_objects": [lambda run: change_run(run, "total = 2")],
    "bulk.run_is_as_far_as_its_objects": [
        lambda run: change_item(run, "stays", "outcome = 'waiting', done_at = NULL").run_id,
        lambda run: change_item(run, "stays", "outlook = 'unknown'").run_id,
        lambda run: change_run(run, "started_at = NULL"),
    ],
    "bulk.outcome_has_its_time": [
        lambda run: change_item(run, "moved", "done_at = NULL").pk,
        lambda run: change_item(run, "stays", "outcome = 'waiting'").pk,
    ],
}


class TestEachInvariant:
    def test_finds_what_violates_it_alone(self) -> None:
        run = finish_a_run()
        assert figures_of(run) == (2, 1, 0, 0)
        assert find_violated() == set()

        for name, plants in PLANTS.items():
            for violate in plants:
                with transaction.atomic():
                    violator = violate(run)
                    assert find_violators(name) == (violator,)
                    transaction.set_rollback(True)

    def test_is_proven_here(self) -> None:
        assert {one.name for one in INVARIANTS} == set(PLANTS)
