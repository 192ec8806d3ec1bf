"""How long nothing moved is told from instants alone."""

from __future__ import annotations

from backend.chaos.checks import check_stalls
from backend.chaos.plan import Fault, FaultKind
from backend.chaos.stalls import Stall, measure_stalls
from backend.chaos.striking import Struck

FAULT = Fault(FaultKind.PAUSE_WORKER, after_s=1, lasts_s=2, count=1, victim=0)


def measure(*, acknowledged_at: list[float], jobs_at: list[float]) -> Stall:
    struck = Struck(FAULT, ended_at=100.0, start_s=0.0)
    [stall] = measure_stalls([struck], acknowledged_at=acknowledged_at, jobs_at=jobs_at, until=130.0)
    return stall


class TestMeasureStalls:
    def test_is_from_the_end_of_the_fault_to_the_first_that_came(self) -> None:
        stall = measure(acknowledged_at=[99.0, 104.0, 103.0], jobs_at=[99.5, 102.0])
        assert (stall.transition_s, stall.job_s) == (3.0, 2.0)

    def test_counts_a_job_from_the_transition_that_may_have_made_it(self) -> None:
        stall = measure(acknowledged_at=[103.0], jobs_at=[104.5])
        assert (stall.transition_s, stall.job_s) == (3.0, 1.5)

    def test_lasts_to_the_end_where_nothing_comes_any_more(self) -> None:
        stall = measure(acknowledged_at=[99.0], jobs_at=[101.0])
        assert (stall.transition_s, stall.job_s) == (30.0, 1.0)


class TestCheckStalls:
    def test_names_the_fault_after_which_a_worker_never_came_back(self) -> None:
        stall = measure(acknowledged_at=[101.0], jobs_at=[99.0])
        assert list(check_stalls([stall], limit_s=10)) == [
            "After “worker paused” no job finished for 29.0 s."
        ]

    def test_says_nothing_of_what_went_on_in_time(self) -> None:
        stall = measure(acknowledged_at=[110.0], jobs_at=[101.0])
        assert list(check_stalls([stall], limit_s=10)) == []
