"""What the page shows of the figures: tiles, drawings, and a table with the list behind each number."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.tiles import Bar, Line, Tile, format_count, format_share
from backend.leads.admin.fairness.charts import (
    SIDE,
    WEEKS_HEIGHT,
    WEEKS_WIDTH,
    CalibrationPoint,
    WeeksChart,
    draw_calibration,
    draw_curve,
    draw_weeks,
)
from backend.leads.admin.fairness.sharing import SharingRow, build_sharing_rows, build_sharing_tiles
from backend.leads.admin.fairness.weeks import (
    BinRow,
    Judgement,
    WeekRow,
    build_bin_rows,
    build_week_rows,
    judge_week,
)
from backend.leads.figures.fairness import FairnessReport
from backend.leads.figures.newcomers import Newcomers, Waiting
from workflows.admin.durations import describe_duration

__all__ = ["FairnessPage", "WaitingRow", "build_page"]


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A newcomer that waits for its first offer."""

    provider: Line
    place_name: str
    waits: str


@dataclass(frozen=True, slots=True)
class FairnessPage:
    """Everything on the page, in its order; drawings are in units of their own (``side``, ``weeks_box``)."""

    judgement: Judgement
    tiles: tuple[Tile, ...]
    offers_curve: str
    wins_curve: str
    sharing: tuple[SharingRow, ...]
    waits: tuple[Bar, ...]
    longest: tuple[WaitingRow, ...]
    weeks: WeeksChart
    week_rows: tuple[WeekRow, ...]
    points: tuple[CalibrationPoint, ...]
    bins: tuple[BinRow, ...]
    side: int = SIDE
    weeks_width: int = WEEKS_WIDTH
    weeks_height: int = WEEKS_HEIGHT


def build_page(report: FairnessReport, addresses: Addresses, *, now: datetime.datetime) -> FairnessPage:
    """Return the page of a report, with the addresses of the lists behind its figures."""
    return FairnessPage(
        judgement=judge_week(report.week, addresses),
        tiles=tuple(build_sharing_tiles(report, addresses)),
        offers_curve=draw_curve(report.sharing.offers),
        wins_curve=draw_curve(report.sharing.wins),
        sharing=tuple(build_sharing_rows(report.sharing)),
        waits=tuple(_wait_bars(report.newcomers, addresses)),
        longest=tuple(_waiting_row(one, now=now) for one in report.longest_waiting),
        weeks=draw_weeks(report.drift.weeks),
        week_rows=tuple(build_week_rows(report.drift, addresses)),
        points=tuple(draw_calibration(report.drift.bins)),
        bins=tuple(build_bin_rows(report.drift)),
    )


def _wait_bars(newcomers: Newcomers, addresses: Addresses) -> Iterator[Bar]:
    total = sum(newcomers.by_wait.values())
    for wait, count in newcomers.by_wait.items():
        share = count / total if total else None
        figure = Line(format_count(count), addresses.providers(first_offer=wait))
        yield Bar(wait.value, str(wait.label), figure, format_share(share), round(100 * (share or 0), 2))


def _waiting_row(one: Waiting, *, now: datetime.datetime) -> WaitingRow:
    address = reverse("admin:users_providerprofile_change", args=[one.provider_id])
    return WaitingRow(Line(one.name, address), one.place_name, describe_duration(now - one.since))
