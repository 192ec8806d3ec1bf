"""When things happen in the demo market: people sleep, and staff work in the daytime."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.procompare.demo.chance import Random

__all__ = ["OFFICE_HOURS", "OFFICE_TIME_ZONE", "later", "wake"]

WAKING_HOURS = (7, 22)
OFFICE_HOURS = (8, 18)
OFFICE_TIME_ZONE = "Europe/Berlin"


def later(
    chance: Random, at: datetime, *, mean_h: float, time_zone: str, hours: tuple[int, int] = WAKING_HOURS
) -> datetime:
    """Return an instant after another, on average so many hours, when the person is awake (or at work)."""
    waited = timedelta(hours=chance.expovariate(1 / mean_h), minutes=chance.uniform(1, 5))
    return wake(chance, at + waited, time_zone=time_zone, hours=hours)


def wake(chance: Random, at: datetime, *, time_zone: str, hours: tuple[int, int] = WAKING_HOURS) -> datetime:
    """Return the instant itself, or if it falls into the night, one in the first hours of the next day."""
    local = at.astimezone(ZoneInfo(time_zone))
    first, last = hours
    if first <= local.hour < last:
        return at
    day = local if local.hour < first else local + timedelta(days=1)
    morning = day.replace(hour=first, minute=0, second=0, microsecond=0)
    return (morning + timedelta(minutes=chance.uniform(0, 150))).astimezone(at.tzinfo)
