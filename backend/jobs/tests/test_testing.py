"""Running what is due in a test."""

from __future__ import annotations

import datetime

import pytest

from backend.jobs.queue import enqueue
from backend.jobs.testing import list_jobs, run_due_jobs
from backend.jobs.tests.probes.models import Run
from backend.jobs.tests.probes.tasks import ProbeError
from workflows import clock

pytestmark = pytest.mark.django_db


class TestRunDueJobs:
    def test_runs_the_most_urgent_first_then_the_oldest(self) -> None:
        for label in ("first", "second"):
            enqueue("probes.run", label=label)
        enqueue("probes.run_urgently", label="urgent")
        assert run_due_jobs() == 3
        assert list(Run.objects.order_by("id").values_list("label", flat=True)) == [
            "urgent",
            "first",
            "second",
        ]

    def test_runs_what_the_jobs_enqueue(self) -> None:
        enqueue("probes.enqueue_another", label="child")
        assert run_due_jobs() == 2
        assert Run.objects.get().label == "child"

    def test_leaves_what_is_due_later(self) -> None:
        enqueue("probes.run", run_at=clock.now() + datetime.timedelta(seconds=1), label="later")
        assert run_due_jobs() == 0
        assert list_jobs("probes.run") == [{"label": "later"}]

    def test_raises_the_error_of_a_job(self) -> None:
        enqueue("probes.fail", words="as told")
        with pytest.raises(ProbeError, match="as told"):
            run_due_jobs()
