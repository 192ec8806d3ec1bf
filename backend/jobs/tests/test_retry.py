"""When a job that failed is tried again."""

from __future__ import annotations

import datetime

import pytest
from procrastinate.jobs import Job

from backend.jobs.retry import Backoff, backoff_s
from workflows import clock

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


def job_after(attempts: int) -> Job:
    return Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="any", attempts=attempts)


class TestBackoff:
    @pytest.mark.parametrize(
        ("attempts", "full_s"), [(0, 2), (1, 2), (2, 6), (3, 18), (4, 54), (5, 162), (6, 300), (50, 300)]
    )
    def test_waits_between_half_and_all_of_a_time_that_grows_to_its_limit(
        self, attempts: int, full_s: float
    ) -> None:
        waits = [backoff_s(attempts, first_s=2, factor=3, longest_s=300) for _try in range(1000)]
        assert full_s / 2 <= min(waits) < 0.6 * full_s
        assert 0.9 * full_s < max(waits) <= full_s

    def test_tries_as_often_as_it_says_and_then_no_more(self) -> None:
        backoff = Backoff(attempts_max=3, first_s=10, factor=2, longest_s=60)
        with clock.at(NOON):
            decisions = [
                backoff.get_retry_decision(exception=ValueError(), job=job_after(attempts))
                for attempts in range(4)
            ]
        waits_s = [one and (one.retry_at - NOON).total_seconds() for one in decisions]
        assert 5 <= waits_s[0] <= 10
        assert 10 <= waits_s[1] <= 20
        assert waits_s[2:] == [None, None]
