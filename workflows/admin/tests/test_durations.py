"""Lengths of time in words."""

from __future__ import annotations

import datetime

import pytest

from workflows.admin.durations import describe_age, describe_briefly, describe_duration


class TestDescribeDuration:
    @pytest.mark.parametrize(
        ("duration", "words"),
        [
            ({"seconds": -5}, "under 1 s"),
            ({"milliseconds": 900}, "under 1 s"),
            ({"seconds": 59}, "59 s"),
            ({"minutes": 57, "seconds": 59}, "57 min"),
            ({"hours": 9, "minutes": 39}, "9 h 39 min"),
            ({"hours": 2}, "2 h"),
            ({"days": 3, "hours": 4, "minutes": 5}, "3 d 4 h"),
            ({"days": 27, "hours": 4}, "27 d"),
        ],
    )
    def test_names_the_two_largest_units(self, duration: dict[str, int], words: str) -> None:
        assert describe_duration(datetime.timedelta(**duration)) == words


class TestDescribeBriefly:
    @pytest.mark.parametrize(
        ("duration", "words"),
        [
            ({"seconds": -5}, "under 1 s"),
            ({"seconds": 59}, "59 s"),
            ({"minutes": 59, "seconds": 59}, "59 min"),
            ({"hours": 1}, "1 h"),
            ({"hours": 9, "minutes": 39}, "9.6 h"),
            ({"hours": 23, "minutes": 59}, "23 h"),
            ({"days": 9, "hours": 23, "minutes": 59}, "9.9 d"),
            ({"days": 2700, "hours": 4}, "2,700 d"),
        ],
    )
    def test_names_the_largest_unit_and_rounds_down(self, duration: dict[str, int], words: str) -> None:
        assert describe_briefly(datetime.timedelta(**duration)) == words


class TestDescribeAge:
    def test_is_just_now_for_a_minute(self) -> None:
        assert describe_age(datetime.timedelta(seconds=59)) == "just now"

    def test_says_how_long_ago(self) -> None:
        assert describe_age(datetime.timedelta(minutes=61)) == "1 h 1 min ago"
