from __future__ import annotations

from backend.chaos.plan import FaultKind, draw_plan


class TestDrawPlan:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        assert draw_plan(60, seed=1) == draw_plan(60, seed=1)
        assert draw_plan(60, seed=1) != draw_plan(60, seed=2)

    def test_begins_a_longer_run_like_a_shorter_one(self) -> None:
        short = draw_plan(30, seed=1)
        assert draw_plan(60, seed=1)[: len(short)] == short

    def test_fits_into_its_seconds(self) -> None:
        plan = draw_plan(60, seed=1)
        assert 50 < sum(fault.after_s + fault.lasts_s for fault in plan) <= 60

    def test_leaves_no_kind_out_for_long(self) -> None:
        assert {fault.kind for fault in draw_plan(120, seed=1)} == set(FaultKind)
