"""How far an instant is away, in the same words as the browser's ``Intl.RelativeTimeFormat``.

The page is made with these words and ``portal.js`` keeps them true, so that nothing is fetched because time passes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.utils.translation import ngettext

__all__ = ["describe_distance"]

# From this many seconds on a unit is used: when there are two of it.  "In 47 hours" says more than "in 1 day".
_DAYS_FROM_S, _HOURS_FROM_S, _MINUTES_FROM_S = 2 * 86_400, 2 * 3_600, 2 * 60

Describe = Callable[[int], str]


def describe_distance(instant: datetime.datetime, *, now: datetime.datetime) -> str:
    """Return how far an instant is from now, in the largest unit of which there are two: ``in 5 hours``."""
    seconds = int((instant - now).total_seconds())
    if seconds > 0:
        return _describe(seconds, _in_days, _in_hours, _in_minutes, _in_seconds)
    return _describe(-seconds, _days_ago, _hours_ago, _minutes_ago, _seconds_ago)


def _describe(seconds: int, days: Describe, hours: Describe, minutes: Describe, rest: Describe) -> str:
    if seconds >= _DAYS_FROM_S:
        return days(seconds // 86_400)
    if seconds >= _HOURS_FROM_S:
        return hours(seconds // 3_600)
    if seconds >= _MINUTES_FROM_S:
        return minutes(seconds // 60)
    return rest(seconds)


def _in_days(count: int) -> str:
    return ngettext("in %d day", "in %d days", count) % count


def _in_hours(count: int) -> str:
    return ngettext("in %d hour", "in %d hours", count) % count


def _in_minutes(count: int) -> str:
    return ngettext("in %d minute", "in %d minutes", count) % count


def _in_seconds(count: int) -> str:
    return ngettext("in %d second", "in %d seconds", count) % count


def _days_ago(count: int) -> str:
    return ngettext("%d day ago", "%d days ago", count) % count


def _hours_ago(count: int) -> str:
    return ngettext("%d hour ago", "%d hours ago", count) % count


def _minutes_ago(count: int) -> str:
    return ngettext("%d minute ago", "%d minutes ago", count) % count


def _seconds_ago(count: int) -> str:
    return ngettext("%d second ago", "%d seconds ago", count) % count
