"""The span of days of which a process map tells."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils import timezone

from workflows import clock

__all__ = ["Period"]

_A_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the present time zone, both belonging to it; None: without an end on that side."""

    since: datetime.date | None = None
    until: datetime.date | None = None

    @classmethod
    def last(cls, days: int) -> Period:
        """Return the last so many days, today being one of them."""
        return cls(since=timezone.localdate(clock.now()) - (days - 1) * _A_DAY)

    @property
    def begin(self) -> datetime.datetime | None:
        """Return the first instant of it."""
        return _midnight(self.since) if self.since else None

    @property
    def end(self) -> datetime.datetime | None:
        """Return the first instant after it."""
        # The last day there is has no day after it.
        return _midnight(min(self.until, datetime.date.max - _A_DAY) + _A_DAY) if self.until else None


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
