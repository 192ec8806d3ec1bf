"""Quiet hours and digests keep to the clock on the wall, also where it changes."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest

from backend.notifications.quiet_hours import end_of_quiet_hours, next_time_of_day

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")


def utc(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=datetime.UTC)


def end(at: datetime.datetime, quiet_from: str, quiet_until: str, zone: ZoneInfo = BERLIN) -> object:
    return end_of_quiet_hours(
        at,
        quiet_from=datetime.time.fromisoformat(quiet_from),
        quiet_until=datetime.time.fromisoformat(quiet_until),
        zone=zone,
    )


class TestEndOfQuietHours:
    @pytest.mark.parametrize(
        ("at", "ends"),
        [
            (utc(2026, 1, 10, 20, 59, 59), None),  # 21:59:59 in Berlin
            (utc(2026, 1, 10, 21), utc(2026, 1, 11, 6)),  # 22:00, quiet until 07:00
            (utc(2026, 1, 10, 23, 30), utc(2026, 1, 11, 6)),  # after midnight
            (utc(2026, 1, 11, 5, 59, 59), utc(2026, 1, 11, 6)),
            (utc(2026, 1, 11, 6), None),
        ],
    )
    def test_crosses_midnight(self, at: datetime.datetime, ends: object) -> None:
        assert end(at, "22:00", "07:00") == ends

    def test_may_lie_within_one_day(self) -> None:
        assert end(utc(2026, 1, 10, 12, 30), "13:00", "15:00") == utc(2026, 1, 10, 14)
        assert end(utc(2026, 1, 10, 14), "13:00", "15:00") is None

    def test_is_an_hour_shorter_in_the_night_in_which_clocks_go_forward(self) -> None:
        # 29 March 2026: 02:00 becomes 03:00 in Berlin.
        assert end(utc(2026, 3, 28, 21), "22:00", "07:00") == utc(2026, 3, 29, 5)

    def test_is_an_hour_longer_in_the_night_in_which_clocks_go_back(self) -> None:
        # 25 October 2026: 03:00 becomes 02:00.
        assert end(utc(2026, 10, 24, 20), "22:00", "07:00") == utc(2026, 10, 25, 6)

    def test_reads_a_time_that_does_not_occur_as_after_the_gap(self) -> None:
        assert end(utc(2026, 3, 29, 0, 30), "22:00", "02:30") == utc(2026, 3, 29, 1, 30)

    def test_reads_a_time_that_occurs_twice_as_its_first(self) -> None:
        assert end(utc(2026, 10, 24, 23), "22:00", "02:30") == utc(2026, 10, 25, 0, 30)
        assert end(utc(2026, 10, 25, 0, 45), "22:00", "02:30") is None

    def test_knows_zones_of_half_an_hour(self) -> None:
        assert end(utc(2026, 1, 10, 17), "22:00", "07:00", KOLKATA) == utc(2026, 1, 11, 1, 30)


class TestNextTimeOfDay:
    @pytest.mark.parametrize(
        ("at", "due"),
        [
            (utc(2026, 1, 10, 6, 59), utc(2026, 1, 10, 7)),
            (utc(2026, 1, 10, 7), utc(2026, 1, 11, 7)),
            (utc(2026, 3, 28, 8), utc(2026, 3, 29, 6)),  # 08:00 of the day on which clocks went forward
        ],
    )
    def test_is_the_first_after(self, at: datetime.datetime, due: datetime.datetime) -> None:
        assert next_time_of_day(at, datetime.time(8), zone=BERLIN) == due
