"""Counts that fade, and the rankings that only count."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.matching.evaluation.baselines import CountRanking
from backend.matching.evaluation.fading_counts import FadingCounts
from backend.matching.evaluation.levels import Level
from backend.matching.evaluation.register import Register
from backend.matching.evaluation.stream import Opened, Resolved, replay
from backend.matching.evaluation.tests.logs import make_request

EVENTS = st.lists(
    st.tuples(st.floats(0, 30), st.integers(0, 3), st.sampled_from("ab")), min_size=1, max_size=25
)


class TestFadingCounts:
    def test_counts_an_event_half_after_a_half_life(self) -> None:
        counts = FadingCounts((1.0, 2.0, math.inf))
        counts.add("key", 7, day=10)
        faded = counts.read("key", day=12)
        assert faded is not None
        assert faded.items.tolist() == [7]
        assert faded.counts.tolist() == [[0.25, 0.5, 1.0]]

    def test_knows_nothing_of_a_key_that_never_occurred(self) -> None:
        assert FadingCounts((1.0,)).read("key", day=0) is None

    @given(EVENTS)
    def test_is_the_sum_over_all_events_however_it_was_brought_up_to_date(
        self, events: list[tuple[float, int, str]]
    ) -> None:
        counts = FadingCounts((0.5, 14.0))
        for day, item, key in sorted(events):
            counts.add(key, item, day=day)
        for key in "ab":
            faded = counts.read(key, day=31)
            for item in range(4):
                days = np.array([day for day, one, of in events if (one, of) == (item, key)])
                expected = [float((0.5 ** ((31 - days) / half_life)).sum()) for half_life in (0.5, 14.0)]
                rows = [] if faded is None else faded.counts[faded.items == item].tolist()
                assert rows == ([pytest.approx(expected)] if len(days) else [])


class TestRegister:
    def test_numbers_names_as_they_become_known(self) -> None:
        register = Register()
        assert [register.enter(name) for name in ("bob", "ann", "bob")] == [0, 1, 0]
        assert (register.find("ann"), register.find("eve"), len(register)) == (1, None, 2)


class TestCountRanking:
    def test_backs_off_to_coarser_levels_for_whom_the_finest_has_not_seen(self) -> None:
        levels = (Level("kind", None, ("subcategory",)), Level("all", None))
        ranking = CountRanking(levels, half_life_days=math.inf)
        providers = Register()
        log = [
            *(make_request(n, provider="ann", subcategory="mail") for n in range(3)),
            make_request(3, provider="bob", subcategory="vpn"),
            make_request(4, provider="eve", subcategory="mail"),
            make_request(5, subcategory="vpn"),
        ]
        orders = []
        for event in replay(log):
            if isinstance(event, Resolved):
                ranking.learn(event, provider=providers.enter(event.outcome.provider))
            elif isinstance(event, Opened):
                orders.append(ranking.order(event))
        ann, bob, eve = (providers.enter(name) for name in ("ann", "bob", "eve"))
        assert orders[0] == []
        assert orders[-1] == [bob, ann, eve]
