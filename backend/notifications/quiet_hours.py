"""Times of day in a time zone: when quiet hours end, and when the next digest is due.  Pure arithmetic.

Where clocks change, a time of day is read as RFC 5545 (3.3.5) reads it: one that does not occur is as far after
the last that did as it says, and of one that occurs twice the first is meant.
"""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

__all__ = ["end_of_quiet_hours", "next_time_of_day"]

_DAY = datetime.timedelta(days=1)


def end_of_quiet_hours(
    at: datetime.datetime, *, quiet_from: datetime.time, quiet_until: datetime.time, zone: ZoneInfo
) -> datetime.datetime | None:
    """Return the instant (UTC) at which the quiet hours end that ``at`` lies in; None when it lies in none.

    They may cross midnight.  Their first instant is quiet, their last is not.
    """
    today = at.astimezone(zone).date()
    for date in (today - _DAY, today):
        start = _instant(date, quiet_from, zone)
        end = _instant(date if quiet_until > quiet_from else date + _DAY, quiet_until, zone)
        if start <= at < end:
            return end
    return None


def next_time_of_day(at: datetime.datetime, time: datetime.time, *, zone: ZoneInfo) -> datetime.datetime:
    """Return the first instant (UTC) after ``at`` at which it is that time of day in the zone."""
    today = at.astimezone(zone).date()
    candidates = (_instant(today + days * _DAY, time, zone) for days in range(3))
    return next(instant for instant in candidates if instant > at)


def _instant(date: datetime.date, time: datetime.time, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.combine(date, time, tzinfo=zone).astimezone(datetime.UTC)
