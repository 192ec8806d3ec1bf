"""Retry what failed, cancel what waits; what is anything else stays as it is."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection

from backend.jobs.models import Job, JobError
from backend.jobs.queue import enqueue
from backend.jobs.services import cancel_jobs, retry_jobs
from backend.jobs.testing import begin_job, end_job
from workflows import clock

pytestmark = pytest.mark.django_db


def make_job(status: str) -> int:
    job_id = enqueue("probes.run", run_at=clock.now() + datetime.timedelta(hours=1), label=status)
    if status == "doing":
        begin_job(job_id)
    elif status == "cancelled":
        cancel_jobs([job_id])
    elif status != "todo":
        end_job(job_id, status=status)
    return job_id


def statuses() -> dict[int, str]:
    return dict(Job.objects.values_list("id", "status"))


class TestRetry:
    def test_hands_out_a_failed_job_at_once_with_all_its_attempts(self) -> None:
        job_id = make_job("failed")
        JobError.objects.create(job_id=job_id, error_class="E", workers_died=10)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET attempts = 8")
        assert retry_jobs([job_id]) == [job_id]
        job = Job.objects.get()
        assert (job.status, job.attempts, job.scheduled_at) == ("todo", 0, None)
        assert (job.error.error_class, job.error.workers_died) == ("E", 0)

    @pytest.mark.parametrize("status", ["todo", "doing", "succeeded", "cancelled"])
    def test_leaves_every_other_job_as_it_is(self, status: str) -> None:
        job_id = make_job(status)
        assert retry_jobs([job_id, job_id + 1]) == []
        assert statuses() == {job_id: status}

    def test_moves_of_many_those_that_it_can(self) -> None:
        jobs = [make_job(status) for status in ("failed", "todo", "failed")]
        assert retry_jobs(jobs) == [jobs[0], jobs[2]]
        assert list(statuses().values()) == ["todo"] * 3


class TestCancel:
    def test_keeps_a_waiting_job_from_ever_running(self) -> None:
        job_id = make_job("todo")
        assert cancel_jobs([job_id]) == [job_id]
        assert statuses() == {job_id: "cancelled"}

    @pytest.mark.parametrize("status", ["failed", "doing", "succeeded"])
    def test_leaves_every_other_job_as_it_is(self, status: str) -> None:
        job_id = make_job(status)
        assert cancel_jobs([job_id]) == []
        assert statuses() == {job_id: status}
