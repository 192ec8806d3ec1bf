"""Of which leads, and of which days, figures speak."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils import timezone

__all__ = ["PERIODS_DAYS", "WEEK", "Scope", "Span", "span_of_week"]

PERIODS_DAYS = (7, 30, 90)
"""The periods that can be chosen, in days; the last day is today."""

WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant until before another."""

    since: datetime.datetime
    until: datetime.datetime

    @property
    def before(self) -> Span:
        """Return the span of the same length that ends where this one begins."""
        return Span(self.since - (self.until - self.since), self.since)

    def earlier(self, by: datetime.timedelta) -> Span:
        """Return the span of the same length that lies so much earlier."""
        return Span(self.since - by, self.until - by)


@dataclass(frozen=True, slots=True)
class Scope:
    """A period that ends ``now``, and perhaps a category alone (by id; None: all)."""

    now: datetime.datetime
    days: int = 30
    category_id: int | None = None

    @property
    def span(self) -> Span:
        """Return the period: today so far, and the whole days before it, in the project's time zone."""
        return Span(_midnight_of(self.list_days()[0]), self.now)

    def list_days(self) -> list[datetime.date]:
        """Return the days of the period, oldest first; the last is today."""
        today = timezone.localdate(self.now)
        return [today - datetime.timedelta(days=ago) for ago in reversed(range(self.days))]

    def span_of(self, day: datetime.date) -> Span:
        """Return a day of the period, midnight to midnight; today's ends now."""
        next_midnight = _midnight_of(day + datetime.timedelta(days=1))
        return Span(_midnight_of(day), min(next_midnight, self.now))


def span_of_week(day: datetime.date) -> Span:
    """Return the week of a day, from Monday to Monday at midnight in the project's time zone."""
    monday = day - datetime.timedelta(days=day.weekday())
    return Span(_midnight_of(monday), _midnight_of(monday + WEEK))


def _midnight_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
