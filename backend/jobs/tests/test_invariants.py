"""What must hold of jobs: each planted violation is found, and nothing else."""

from __future__ import annotations

import datetime

import pytest

from backend.jobs.invariants import INVARIANTS
from backend.jobs.queue import enqueue
from backend.jobs.testing import begin_job
from backend.jobs.tests.test_recovery import make_worker
from workflows import clock
from workflows.invariants.tests.planting import find_violators

pytestmark = pytest.mark.django_db

WAITS, RUNS = "jobs.due_job_is_taken", "jobs.running_job_has_a_worker"
MINUTE = datetime.timedelta(minutes=1)


def enqueue_job(**options: datetime.datetime) -> int:
    return enqueue("probes.run", label="any", **options)


class TestEachInvariant:
    def test_is_proven_here(self) -> None:
        assert {one.name for one in INVARIANTS} == {WAITS, RUNS}


class TestDueJobIsTaken:
    def test_finds_those_that_wait_too_long_alone(self) -> None:
        now = clock.now()
        waits, was_due = enqueue_job(), enqueue_job(run_at=now + 5 * MINUTE)
        enqueue_job(run_at=now + 60 * MINUTE)
        begin_job(enqueue_job(), worker=make_worker())
        for minutes, found in [(29, ()), (31, (waits,)), (36, (waits, was_due))]:
            with clock.at(now + minutes * MINUTE):
                assert find_violators(WAITS) == found


class TestRunningJobHasAWorker:
    def test_finds_those_of_workers_that_died_long_ago_alone(self) -> None:
        now = clock.now()
        left, lost = enqueue_job(), enqueue_job()
        begin_job(left, worker=make_worker())
        begin_job(lost)
        begin_job(enqueue_job(), worker=make_worker(silent_for_s=-1200))
        enqueue_job()
        for minutes, found in [(14, ()), (16, (left, lost))]:
            with clock.at(now + minutes * MINUTE):
                assert find_violators(RUNS) == found
