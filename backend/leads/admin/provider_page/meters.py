"""How much of its capacity a provider has in use: a meter for each of its limits."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backend.matching.models import ProviderLoad
from backend.users.models import ProviderProfile

__all__ = ["Meter", "build_meters"]


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit is in use; ``room`` says what is left, ``percent`` goes to 100."""

    name: str
    title: str
    used: int
    limit: int
    room: str

    @property
    def is_full(self) -> bool:
        """Return whether nothing is left."""
        return self.used >= self.limit

    @property
    def percent(self) -> float:
        """Return how far the meter is filled; a limit of none is full."""
        return 100.0 if self.is_full else 100 * self.used / self.limit


def build_meters(
    provider: ProviderProfile, load: ProviderLoad | None, *, at: datetime.datetime
) -> tuple[Meter, ...]:
    """Return the meters as the rules of eligibility count at an instant: days and months are the provider's."""
    today = at.astimezone(zoneinfo.ZoneInfo(provider.time_zone)).date()
    on_day = in_month = 0
    if load and load.day_date and load.day_date >= today:
        on_day = load.offers_on_day
    if load and load.month_date and load.month_date >= today.replace(day=1):
        in_month = load.offers_in_month
    open_offers = load.open_offers if load else 0
    return (
        _meter("open", _("Open offers"), open_offers, provider.open_offers_max),
        _meter("day", _("Offers today"), on_day, provider.leads_per_day_max),
        _meter("month", _("Offers this month"), in_month, provider.leads_per_month_max),
    )


def _meter(name: str, title: str, used: int, limit: int) -> Meter:
    left = limit - used
    if not limit:
        room = _("takes none")
    elif left <= 0:
        room = _("full")
    else:
        room = _("room for %(left)d") % {"left": left}
    return Meter(name, title, used, limit, room)
