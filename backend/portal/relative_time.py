"""How far an instant is away, in the same words as the browser's ``Intl.RelativeTimeFormat``.

The page is made with these words and ``portal.js`` keeps them true, so that nothing is fetched because time passes.
"""

from __future__ import annotations

import datetime

from django.utils.translation import ngettext

__all__ = ["describe_distance"]

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def describe_distance(instant: datetime.datetime, *, now: datetime.datetime) -> str:
    """Return how far an instant is from now in its largest whole unit: ``in 5 hours``, ``2 days ago``."""
    seconds = int((instant - now).total_seconds())
    return _in_future(seconds) if seconds > 0 else _in_past(-seconds)


def _in_future(seconds: int) -> str:
    if seconds < MINUTE_S:
        return ngettext("in %d second", "in %d seconds", seconds) % seconds
    if seconds < HOUR_S:
        return ngettext("in %d minute", "in %d minutes", seconds // MINUTE_S) % (seconds // MINUTE_S)
    if seconds < DAY_S:
        return ngettext("in %d hour", "in %d hours", seconds // HOUR_S) % (seconds // HOUR_S)
    return ngettext("in %d day", "in %d days", seconds // DAY_S) % (seconds // DAY_S)


def _in_past(seconds: int) -> str:
    if seconds < MINUTE_S:
        return ngettext("%d second ago", "%d seconds ago", seconds) % seconds
    if seconds < HOUR_S:
        return ngettext("%d minute ago", "%d minutes ago", seconds // MINUTE_S) % (seconds // MINUTE_S)
    if seconds < DAY_S:
        return ngettext("%d hour ago", "%d hours ago", seconds // HOUR_S) % (seconds // HOUR_S)
    return ngettext("%d day ago", "%d days ago", seconds // DAY_S) % (seconds // DAY_S)
