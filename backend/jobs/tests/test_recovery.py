"""Whose worker has died, and what becomes of the job."""

from __future__ import annotations

import asyncio
import datetime

import pytest
from django.db import connection

from backend.jobs import worker
from backend.jobs.models import Job, JobError, Worker
from backend.jobs.queue import enqueue
from backend.jobs.recovery import WORKER_DEATHS_MAX, recover_stalled_jobs
from backend.jobs.testing import begin_job
from workflows import clock

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


def make_worker(*, silent_for_s: float = 0) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (clock_timestamp() - make_interval(secs => %s)) RETURNING id",
            [silent_for_s],
        )
        return int(cursor.fetchone()[0])


def make_running_job(worker: int) -> Job:
    job_id = enqueue("probes.run", label="any")
    begin_job(job_id, worker=worker)
    return Job.objects.get(pk=job_id)


class TestRecovery:
    def test_takes_one_statement_where_no_worker_died(self, django_assert_num_queries) -> None:
        job = make_running_job(make_worker(silent_for_s=19))
        enqueue("probes.run", label="waits")
        with django_assert_num_queries(3):  # with the savepoint and its release
            assert recover_stalled_jobs() == 0
        job.refresh_from_db()
        assert job.status == "doing"

    def test_hands_out_at_once_what_a_silent_worker_ran(self) -> None:
        job = make_running_job(make_worker(silent_for_s=21))
        assert recover_stalled_jobs() == 1
        job.refresh_from_db()
        assert (job.status, job.attempts, job.scheduled_at) == ("todo", 1, None)
        error = JobError.objects.get()
        assert (error.job_id, error.error_class, error.workers_died) == (job.pk, "WorkerDied", 1)

    def test_hands_out_what_a_worker_ran_that_is_gone(self) -> None:
        job = make_running_job(make_worker())
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_workers")
        assert recover_stalled_jobs() == 1
        job.refresh_from_db()
        assert job.status == "todo"

    def test_does_it_once(self) -> None:
        make_running_job(make_worker(silent_for_s=21))
        assert [recover_stalled_jobs(), recover_stalled_jobs()] == [1, 0]

    def test_has_a_job_wait_from_the_second_death_on(self) -> None:
        job = make_running_job(make_worker(silent_for_s=21))
        JobError.objects.create(job_id=job.pk, error_class="WorkerDied", workers_died=2)
        with clock.at(NOON):
            recover_stalled_jobs()
        job.refresh_from_db()
        assert 2 <= (job.scheduled_at - NOON).total_seconds() <= 4

    def test_gives_a_job_up_at_the_last_death_and_keeps_the_others(self) -> None:
        worker = make_worker(silent_for_s=21)
        hopeless, other = make_running_job(worker), make_running_job(worker)
        JobError.objects.create(
            job_id=hopeless.pk, error_class="WorkerDied", workers_died=WORKER_DEATHS_MAX - 1
        )
        assert recover_stalled_jobs() == 2
        assert list(Job.objects.order_by("id").values_list("id", "status")) == [
            (hopeless.pk, "failed"),
            (other.pk, "todo"),
        ]

    def test_counts_deaths_and_not_the_attempts_that_failed(self) -> None:
        job = make_running_job(make_worker(silent_for_s=21))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET attempts = 40")
        recover_stalled_jobs()
        job.refresh_from_db()
        assert job.status == "todo"


class TestWorker:
    def test_that_stopped_leaves_no_row(self) -> None:
        make_worker()
        assert Worker.objects.count() == 1


class TestLooking:
    def test_goes_on_after_an_error_and_says_so(self, monkeypatch, settings, caplog) -> None:
        looks = 0

        def look() -> None:
            nonlocal looks
            looks += 1
            raise LookupError

        async def wait_for_three_looks() -> None:
            looking = asyncio.create_task(worker._recover_repeatedly())
            async with asyncio.timeout(10):
                while looks < 3:
                    await asyncio.sleep(0.01)
            looking.cancel()

        settings.WORKER_HEARTBEAT_S = 0.01
        monkeypatch.setattr(worker, "recover_stalled_jobs", look)
        asyncio.run(wait_for_three_looks())
        assert "Could not look for the jobs of dead workers: LookupError" in caplog.text
