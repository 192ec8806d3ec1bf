"""Lengths of time in words that are short and exact enough to act on: ``9 h 39 min``, ``27 d``."""

from __future__ import annotations

import datetime

from django.utils.translation import gettext as _

__all__ = ["describe_age", "describe_briefly", "describe_duration"]

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_ROUGH_FROM_DAYS = 10
"""From here on hours say nothing any more."""
_TENTHS_BELOW = 10


def describe_duration(duration: datetime.timedelta) -> str:
    """Return a length of time in its two largest units; one that is negative counts as none."""
    seconds = max(0, int(duration.total_seconds()))
    days, hours = seconds // _DAY_S, seconds % _DAY_S // _HOUR_S
    minutes = seconds % _HOUR_S // _MINUTE_S
    if seconds < 1:
        return _("under 1 s")
    if seconds < _MINUTE_S:
        return _("%d s") % seconds
    if seconds < _HOUR_S:
        return _("%d min") % minutes
    if not days:
        return _with_rest(_("%d h") % hours, _("%d min"), minutes)
    return _with_rest(_("%d d") % days, _("%d h"), hours if days < _ROUGH_FROM_DAYS else 0)


def describe_briefly(duration: datetime.timedelta) -> str:
    """Return a length of time in its largest unit, where there is little room; below ten with a tenth."""
    seconds = max(0.0, duration.total_seconds())
    if seconds < _MINUTE_S:
        return describe_duration(duration)
    if seconds < _HOUR_S:
        return _("%s min") % _rounded(seconds / _MINUTE_S, tenths=False)
    if seconds < _DAY_S:
        return _("%s h") % _rounded(seconds / _HOUR_S)
    return _("%s d") % _rounded(seconds / _DAY_S)


def describe_age(age: datetime.timedelta) -> str:
    """Return how long ago something was."""
    if age.total_seconds() < _MINUTE_S:
        return _("just now")
    return _("%s ago") % describe_duration(age)


def _rounded(number: float, *, tenths: bool = True) -> str:
    """Return a number rounded down, so that no unit is full: 59.9 min are 59 min."""
    whole = int(number)
    return f"{int(number * 10) / 10:g}" if tenths and whole < _TENTHS_BELOW else f"{whole:,}"


def _with_rest(large: str, small: str, rest: int) -> str:
    return f"{large} {small % rest}" if rest else large
