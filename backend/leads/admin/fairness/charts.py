"""The drawings of the report, as numbers for SVG: read in black and white, with a table beside each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.fairness import describe_days, describe_interval
from backend.leads.admin.dashboard.tiles import format_count, format_share
from backend.leads.figures.calibration import Z_95, Z_99, Tally, Verdict
from backend.leads.figures.drift import Bin, Week
from backend.leads.figures.inequality import Distribution

__all__ = [
    "SIDE",
    "WEEKS_HEIGHT",
    "WEEKS_WIDTH",
    "CalibrationPoint",
    "Tick",
    "WeekMark",
    "WeeksChart",
    "draw_calibration",
    "draw_curve",
    "draw_weeks",
]

SIDE = 200
"""Side of the square drawings, in their own units: 0 and 1 are its edges."""

WEEKS_WIDTH, WEEKS_HEIGHT = 640, 200
_MARK_WIDTH_MAX = 28
_LABELS_MAX = 7


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Offers that were promised about as much: where they lie, and how sure that is: ``low`` to ``high``."""

    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line of the weeks, and its share in words."""

    y: float
    words: str


@dataclass(frozen=True, slots=True)
class WeekMark:
    """A week: its 99 % and 95 % bands as boxes from ``x``, what was promised and observed as heights.

    ``is_open``: its last offers have not had their time.  ``label`` is "" where there is no room for one.
    """

    x: float
    middle: float
    width: float
    outer: tuple[float, float]
    inner: tuple[float, float]
    promised: float
    observed: float
    is_out: bool
    is_open: bool
    words: str
    label: str

    @property
    def diamond(self) -> str:
        """Return the corners of the mark of a week that has left its band: another shape, not only another colour."""
        x, y, r = self.middle, self.observed, 7
        return f"{x},{y - r} {x + r},{y} {x},{y + r} {x - r},{y}"


@dataclass(frozen=True, slots=True)
class WeeksChart:
    """The weeks that have answered offers; () where none has."""

    marks: tuple[WeekMark, ...]
    ticks: tuple[Tick, ...]


def draw_curve(shared: Distribution) -> str:
    """Return the corners of a Lorenz curve; "" of nothing."""
    return " ".join(f"{SIDE * x:.1f},{SIDE * (1 - y):.1f}" for x, y in shared.lorenz)


def draw_calibration(bins: Sequence[Bin]) -> Iterator[CalibrationPoint]:
    """Yield a point for each bin; the more offers, the larger."""
    largest = max((one.tally.offers for one in bins), default=1)
    for one in bins:
        sure = one.tally.confidence()
        if one.tally.predicted is not None and one.tally.observed is not None and sure is not None:
            yield CalibrationPoint(
                x=round(SIDE * one.tally.predicted, 1),
                y=_height(one.tally.observed),
                low=_height(sure.low),
                high=_height(sure.high),
                radius=round(2.5 + 3.5 * math.sqrt(one.tally.offers / largest), 1),
            )


def draw_weeks(weeks: Sequence[Week]) -> WeeksChart:
    """Return the weeks beside each other, on a scale that holds all of them."""
    top = _top_of([week.tally for week in weeks])
    step = WEEKS_WIDTH / max(1, len(weeks))
    every = math.ceil(len(weeks) / _LABELS_MAX)
    marks = [
        _mark(week, number=number, step=step, top=top, is_named=number % every == 0)
        for number, week in enumerate(weeks)
        if week.tally.offers
    ]
    if not marks:
        return WeeksChart((), ())
    ticks = [Tick(_y(share, top), format_share(share)) for share in (0, top / 2, top)]
    return WeeksChart(tuple(marks), tuple(ticks))


def _top_of(tallies: Sequence[Tally]) -> float:
    """Return the share at the upper edge: the next full tenth above everything that is drawn."""
    highest = [
        max(tally.observed or 0, band.high) for tally in tallies if (band := tally.band(Z_99)) is not None
    ]
    return min(1.0, math.ceil(10 * max(highest, default=1.0)) / 10) or 0.1


def _mark(week: Week, *, number: int, step: float, top: float, is_named: bool) -> WeekMark:
    tally = week.tally
    outer, inner = tally.band(Z_99), tally.band(Z_95)
    assert outer is not None, "A week without an answered offer is not drawn."
    assert inner is not None
    width = min(_MARK_WIDTH_MAX, 0.6 * step)
    middle = round((number + 0.5) * step, 1)
    return WeekMark(
        x=round(middle - width / 2, 1),
        middle=middle,
        width=round(width, 1),
        outer=_box(outer.low, outer.high, top),
        inner=_box(inner.low, inner.high, top),
        promised=_y(tally.predicted or 0, top),
        observed=_y(tally.observed or 0, top),
        is_out=week.is_settled and tally.verdict is Verdict.BEYOND_99,
        is_open=not week.is_settled,
        words=_("%(days)s: accepted %(observed)s, promised %(promised)s, band %(band)s, %(offers)s offers")
        % {
            "days": describe_days(week.span),
            "observed": format_share(tally.observed),
            "promised": format_share(tally.predicted),
            "band": describe_interval(outer),
            "offers": format_count(tally.offers),
        },
        label=date_format(localdate(week.span.since), "j M") if is_named else "",
    )


def _box(low: float, high: float, top: float) -> tuple[float, float]:
    """Return the upper edge and the height of a band."""
    return _y(high, top), round(_y(low, top) - _y(high, top), 1)


def _y(share: float, top: float) -> float:
    return round(WEEKS_HEIGHT * (1 - share / top), 1)


def _height(share: float) -> float:
    return round(SIDE * (1 - share), 1)
