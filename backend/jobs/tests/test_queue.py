"""Jobs are there exactly when the change that needs them is."""

from __future__ import annotations

import datetime

import pytest
from django.db import transaction
from procrastinate import exceptions

from backend.jobs.queue import enqueue, enqueue_many
from backend.jobs.testing import list_jobs, run_due_jobs
from workflows import clock

pytestmark = pytest.mark.django_db

TASK = "jobs.prune_finished_jobs"


class TestEnqueue:
    def test_takes_one_statement_however_many_jobs(self, django_assert_num_queries) -> None:
        with django_assert_num_queries(1):
            enqueue_many(TASK, [{"timestamp": number} for number in range(50)])
        assert len(list_jobs(TASK)) == 50

    def test_of_nothing_asks_the_database_nothing(self, django_assert_num_queries) -> None:
        with django_assert_num_queries(0):
            assert enqueue_many(TASK, []) == []

    def test_is_undone_with_the_change(self) -> None:
        def change_and_fail() -> None:
            with transaction.atomic():
                enqueue(TASK, timestamp=1)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            change_and_fail()
        assert list_jobs() == []

    def test_refuses_a_task_that_nobody_declares(self) -> None:
        with pytest.raises(exceptions.TaskNotFound):
            enqueue("jobs.no_such_task")
        assert list_jobs() == []

    def test_keeps_a_job_until_its_time(self) -> None:
        later = clock.now() + datetime.timedelta(hours=1)
        enqueue(TASK, run_at=later, timestamp=1)
        assert run_due_jobs() == 0
        with clock.at(later):
            assert run_due_jobs() == 1
        assert list_jobs(TASK, status="succeeded") == [{"timestamp": 1}]
