"""How far away an instant is, in words."""

from __future__ import annotations

import datetime

import pytest

from backend.portal.relative_time import describe_distance

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


class TestDescribeDistance:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (172_800, "in 2 days"),
            (172_799, "in 47 hours"),
            (7_200, "in 2 hours"),
            (7_199, "in 119 minutes"),
            (119, "in 119 seconds"),
            (1, "in 1 second"),
            (0, "0 seconds ago"),
            (-1, "1 second ago"),
            (-120, "2 minutes ago"),
            (-86_400, "24 hours ago"),
            (-864_000, "10 days ago"),
        ],
    )
    def test_uses_the_largest_unit_of_which_there_are_two(self, seconds: int, words: str) -> None:
        assert describe_distance(NOON + datetime.timedelta(seconds=seconds), now=NOON) == words
