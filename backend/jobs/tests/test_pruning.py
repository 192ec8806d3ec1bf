"""What is forgotten, and when."""

from __future__ import annotations

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinatePeriodicDefer

from backend.jobs import pruning
from backend.jobs.models import Job, JobError
from backend.jobs.queue import enqueue, enqueue_many
from backend.jobs.services import cancel_jobs
from backend.jobs.testing import end_job

pytestmark = pytest.mark.django_db

TICK = "jobs.prune_finished_jobs"
HOUR, DAY = 1, 24


def make_job(task: str, *, status: str, hours_ago: float) -> int:
    """Return a job that came to its status so long ago."""
    job_id = enqueue(task, **({"timestamp": 0} if task == TICK else {"label": "any"}))
    if status == "cancelled":
        cancel_jobs([job_id])
    elif status != "todo":
        end_job(job_id, status=status)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - make_interval(secs => %s) WHERE job_id = %s",
            [hours_ago * 3600, job_id],
        )
    return job_id


class TestPruning:
    @pytest.mark.parametrize(
        ("task", "status", "kept_for_hours"),
        [
            ("probes.run", "succeeded", 2 * DAY),
            ("probes.run", "cancelled", 2 * DAY),
            (TICK, "succeeded", HOUR),
            (TICK, "failed", DAY),
        ],
    )
    def test_forgets_a_job_when_its_time_has_passed(
        self, task: str, status: str, kept_for_hours: float
    ) -> None:
        kept = make_job(task, status=status, hours_ago=kept_for_hours - 0.1)
        make_job(task, status=status, hours_ago=kept_for_hours + 0.1)
        assert pruning.prune_finished_jobs() == 1
        assert list(Job.objects.values_list("id", flat=True)) == [kept]

    @pytest.mark.parametrize(
        ("task", "status"), [("probes.run", "failed"), ("probes.run", "todo"), (TICK, "todo")]
    )
    def test_keeps_dead_letters_and_what_waits_for_ever(self, task: str, status: str) -> None:
        make_job(task, status=status, hours_ago=400 * DAY)
        assert pruning.prune_finished_jobs() == 0

    def test_takes_a_failed_job_that_was_retried_and_went_well_for_what_it_is_now(self) -> None:
        job = make_job("probes.run", status="failed", hours_ago=400 * DAY)
        with connection.cursor() as cursor:
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, NULL, NULL, NULL, NULL)", [job])
        end_job(job, status="succeeded")
        assert pruning.prune_finished_jobs() == 0

    def test_lets_go_of_the_note_that_a_tick_was_deferred(self) -> None:
        job = make_job(TICK, status="succeeded", hours_ago=2)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp, job_id) VALUES (%s, 7, %s)",
                [TICK, job],
            )
        assert pruning.prune_finished_jobs() == 1
        assert ProcrastinatePeriodicDefer.objects.get().job_id is None

    def test_takes_the_errors_of_forgotten_jobs_along(self) -> None:
        old = make_job("probes.run", status="succeeded", hours_ago=50)
        kept = make_job("probes.run", status="failed", hours_ago=50)
        JobError.objects.bulk_create(JobError(job_id=one, error_class="E") for one in (old, kept))
        pruning.prune_finished_jobs()
        assert list(JobError.objects.values_list("job_id", flat=True)) == [kept]

    def test_works_in_batches_until_nothing_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pruning, "BATCH_SIZE", 2)
        for _job in range(5):
            make_job("probes.run", status="succeeded", hours_ago=50)
        assert pruning.prune_finished_jobs() == 5
        enqueue_many("probes.run", [{"label": "any"}])
        assert pruning.prune_finished_jobs() == 0
