"""The tiles of speed to lead."""

from __future__ import annotations

import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.tiles import NOTHING, Line, Tile, format_count
from backend.leads.figures.speed import Leg, Speed, measure_speed
from workflows.admin.durations import describe_duration

__all__ = ["build_speed_tiles"]


def build_speed_tiles(addresses: Addresses) -> list[Tile]:
    """Return a tile for each leg of the way of a lead."""
    return [_speed_tile(leg, speed, addresses) for leg, speed in measure_speed(addresses.scope).items()]


def _speed_tile(leg: Leg, speed: Speed, addresses: Addresses) -> Tile:
    milestone = "verified" if leg is Leg.VERIFYING else "accepted"
    address = addresses.leads(**{milestone: addresses.scope.span})
    leads = ngettext("%(count)s lead", "%(count)s leads", speed.now.leads)
    return Tile(
        leg.value,
        str(leg.label),
        Line(_in_words(speed.now.median), address),
        _definition_of(leg),
        (
            Line(_("nine of ten within %(time)s") % {"time": _in_words(speed.now.p90)}),
            Line(leads % {"count": format_count(speed.now.leads)}, address),
        ),
        compared=_compare(speed),
    )


def _definition_of(leg: Leg) -> str:
    definitions = {
        Leg.VERIFYING: _(
            "Median and 90th percentile of the time from a lead's submission to its first verification, of the leads"
            " first verified in the period. Those that still wait are not in it."
        ),
        Leg.PLACING: _(
            "Median and 90th percentile of the time from a lead's first verification until the first provider accepts"
            " or claims it, of the leads first accepted in the period."
        ),
        Leg.WHOLE: _(
            "Median and 90th percentile of the time from a lead's submission until the first provider accepts or"
            " claims it, of the leads first accepted in the period."
        ),
    }
    return definitions[leg]


def _in_words(duration: datetime.timedelta | None) -> str:
    return NOTHING if duration is None else describe_duration(duration)


def _compare(speed: Speed) -> str:
    now, before = speed.now.median, speed.before.median
    if before is None:
        return _("before: none")
    words = _("before: %(median)s, nine of ten within %(p90)s") % {
        "median": _in_words(before),
        "p90": _in_words(speed.before.p90),
    }
    if now is None or _in_words(now) == _in_words(before):
        return words
    return f"{_('▼ faster') if now < before else _('▲ slower')} · {words}"
