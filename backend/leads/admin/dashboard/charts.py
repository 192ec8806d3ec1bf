"""Small charts of what happened day by day: bars in an SVG, and the same numbers as a table."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import Line, format_count
from backend.leads.figures.scope import Span
from backend.leads.figures.trend import DayCount, Series, count_days

__all__ = ["HEIGHT", "WIDTH", "Chart", "DayBar", "Trends", "build_trends"]

# In units of the drawing, which is stretched to the width that there is.
WIDTH = 360
HEIGHT = 64
_GAP = 0.2
"""Between two bars, as a share of a day's width."""


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day's bar, from its upper left corner, and what it stands for."""

    words: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """One series: its sum with the list behind it, its bars, and what they tell in words."""

    name: str
    title: str
    total: Line
    description: str
    bars: tuple[DayBar, ...]
    highest: str
    first_day: str
    last_day: str
    view_box: str = f"0 0 {WIDTH} {HEIGHT}"


@dataclass(frozen=True, slots=True)
class Trends:
    """The charts, and their numbers as a table: a row for each day, the latest first."""

    charts: tuple[Chart, ...]
    rows: tuple[tuple[str, tuple[Line, ...]], ...]


def build_trends(addresses: Addresses, *, hidden: Sequence[Series] = ()) -> Trends:
    """Return the charts of the period, without those of the hidden series."""
    series = {one: days for one, days in count_days(addresses.scope).items() if one not in hidden}
    charts = tuple(_chart(one, days, addresses) for one, days in series.items())
    rows = [
        (_day(day), tuple(_cell(one, days[number], addresses) for one, days in series.items()))
        for number, day in enumerate(addresses.scope.list_days())
    ]
    return Trends(charts, tuple(reversed(rows)))


def _chart(series: Series, days: Sequence[DayCount], addresses: Addresses) -> Chart:
    total = sum(one.count for one in days)
    return Chart(
        series.value,
        str(series.label),
        Line(format_count(total), _address(series, addresses.scope.span, addresses)),
        _describe(days) if total else _("None in this period."),
        tuple(_day_bars(days)),
        format_count(max(one.count for one in days)),
        _day(days[0].day),
        _day(days[-1].day),
    )


def _describe(days: Sequence[DayCount]) -> str:
    best = max(days, key=lambda one: one.count)
    return _("%(total)s from %(first)s to %(last)s; most on %(best)s: %(highest)s.") % {
        "total": format_count(sum(one.count for one in days)),
        "first": _day(days[0].day),
        "last": _day(days[-1].day),
        "best": _day(best.day),
        "highest": format_count(best.count),
    }


def _day_bars(days: Sequence[DayCount]) -> list[DayBar]:
    highest, step = max(one.count for one in days), WIDTH / len(days)
    return [
        DayBar(
            f"{_day(one.day)}: {format_count(one.count)}",
            x=round(number * step + step * _GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * one.count / highest, 2),
            width=round(step * (1 - _GAP), 2),
            height=round(HEIGHT * one.count / highest, 2),
        )
        for number, one in enumerate(days)
        if one.count
    ]


def _cell(series: Series, one: DayCount, addresses: Addresses) -> Line:
    return Line(format_count(one.count), _address(series, addresses.scope.span_of(one.day), addresses))


def _address(series: Series, span: Span, addresses: Addresses) -> str:
    if series is Series.OFFERED:
        return addresses.offers(**made_in(span))
    if series is Series.SUBMITTED:
        return addresses.leads(**made_in(span))
    return addresses.leads(**{series.value: span})


def _day(day: datetime.date) -> str:
    return date_format(day, "j M")
