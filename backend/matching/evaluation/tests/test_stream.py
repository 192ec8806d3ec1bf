"""What is told when, and that no ranking knows of the future."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.matching.evaluation.boosted_trees import is_available
from backend.matching.evaluation.contest import Contest, ContestRules
from backend.matching.evaluation.log_file import FACTS, LoggedRequest
from backend.matching.evaluation.stream import Opened, Resolved, replay
from backend.matching.evaluation.tests.logs import FIRST_DAY, make_log, make_request


class TestReplay:
    def test_tells_an_outcome_when_its_request_is_resolved(self) -> None:
        log = [
            make_request(0, days_open=2.5),
            make_request(1, days_open=0.5),
            make_request(2),
            make_request(3),
        ]
        told = [(type(event).__name__, event.day - FIRST_DAY) for event in replay(log)]
        assert told == [
            ("Opened", 0),
            ("Opened", 1),
            ("Resolved", 1.5),
            ("Opened", 2),
            ("Resolved", pytest.approx(2.01)),
            ("Resolved", 2.5),
            ("Opened", 3),
        ]

    def test_tells_nothing_of_a_request_that_is_resolved_as_another_is_opened_until_after_that(self) -> None:
        events = list(replay([make_request(0, days_open=1), make_request(1), make_request(2)]))
        assert [type(event) for event in events[:3]] == [Opened, Opened, Resolved]

    def test_never_tells_the_outcome_of_what_was_never_resolved(self) -> None:
        events = list(replay([make_request(0, days_open=None), make_request(400)]))
        assert [type(event) for event in events] == [Opened, Opened]

    def test_says_of_an_opening_its_facts_and_the_clock_and_no_more(self) -> None:
        (opened,) = replay([make_request(0.5, provider="ann")])
        assert isinstance(opened, Opened)
        assert set(opened.facts) == {*FACTS, "hour", "weekday", "part_of_day"}
        assert (opened.facts["hour"], opened.facts["weekday"], opened.facts["part_of_day"]) == (
            "12",
            "1",
            "3",
        )

    @given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), max_size=30))
    def test_never_goes_back_in_time_and_tells_only_what_is_over(
        self, spans: list[tuple[float, float]]
    ) -> None:
        log = [make_request(day, days_open=days_open) for day, days_open in sorted(spans)]
        events = list(replay(log))
        assert [event.day for event in events] == sorted(event.day for event in events)
        assert [event.number for event in events if isinstance(event, Opened)] == list(range(len(log)))
        for n, event in enumerate(events):
            if isinstance(event, Opened):
                over = sum(one.resolved_day is not None and one.resolved_day < event.day for one in log)
                assert sum(isinstance(one, Resolved) for one in events[:n]) == over


def _hide_future(log: list[LoggedRequest], *, after: int, random: Random) -> list[LoggedRequest]:
    """Permute every outcome that was not known yet when request ``after`` was opened, and all later requests."""
    now = log[after].opened_day
    unknown = [n for n, one in enumerate(log) if one.resolved_day is None or one.resolved_day >= now]
    shuffled = random.sample(unknown, len(unknown))
    changed = list(log)
    for n, other in zip(unknown, shuffled, strict=True):
        changed[n] = dataclasses.replace(
            log[n],
            provider=f"{log[other].provider}-too" if n > after else log[n].provider,
            group=log[other].group,
            resolved_day=max(now, log[n].opened_day) + random.random() * 9,
            facts=log[other].facts if n > after else log[n].facts,
        )
    return changed


class TestLeakage:
    @settings(max_examples=2, deadline=None)
    @given(st.randoms(use_true_random=False), st.integers(85, 125))
    def test_of_the_future_there_is_none(self, random: Random, after: int) -> None:
        """Whatever happens from an opening on, no ranking up to it changes in any way."""
        log = make_log(130)
        rules = ContestRules(split=80, refit_days=2, with_trees=is_available())
        verdicts = Contest(log, rules).run()
        other = Contest(_hide_future(log, after=after, random=random), rules).run()
        judged = after - 80 + 1
        for name, ranks in verdicts.ranks.items():
            assert other.ranks[name][:judged] == ranks[:judged], name
        assert other.ranks != verdicts.ranks

    def test_would_pay(self) -> None:
        """Outcomes that are told at the opening change the ranks: there is something to hide."""
        log = make_log(130)
        early = [dataclasses.replace(one, resolved_day=one.opened_day + 1e-6) for one in log]
        rules = ContestRules(split=80, refit_days=2, with_trees=False)
        assert Contest(early, rules).run().ranks != Contest(log, rules).run().ranks
