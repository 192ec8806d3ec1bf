"""``manage.py report_fairness``: how offers are shared, and whether providers accept as often as ranking promised."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.catalog.models import Category
from backend.leads.figures.calibration import Z_95, Z_99, Interval, Tally
from backend.leads.figures.drift import Week
from backend.leads.figures.fairness import FairnessReport, measure_fairness
from backend.leads.figures.inequality import Distribution
from backend.leads.figures.scope import Scope
from workflows import clock

__all__ = ["Command"]

TENTH = 0.1


class Command(BaseCommand):
    """The figures of the admin's page on fairness and drift; it changes nothing."""

    help = (
        "Print how offers and wins are shared, who waits for a first offer, and whether promises come true."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=int, default=30, help="the period, until now (30)")
        parser.add_argument("--category", default="", help="the slug of a category (all)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, and print."""
        if options["days"] < 1:
            raise CommandError("Say at least one day with --days.")
        scope = Scope(clock.now(), options["days"], _find_category(options["category"]))
        report = measure_fairness(scope)
        if options["json"]:
            self.stdout.write(json.dumps(_in_json(report), indent=2))
        else:
            self.stdout.write("\n".join(_describe(report)))


def _find_category(slug: str) -> int | None:
    """Return the id of a category; None when none is asked for.  Raises: CommandError when there is no such one."""
    if not slug:
        return None
    found = Category.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"There is no category {slug!r}.")
    return found


def _in_json(report: FairnessReport) -> dict[str, Any]:
    span = report.scope.span
    return {
        "since": span.since.isoformat(),
        "until": span.until.isoformat(),
        "providers": {"active": report.sharing.active, "not_active_with_offers": report.sharing.others},
        "offers": _distribution_in_json(report.sharing.offers),
        "wins": _distribution_in_json(report.sharing.wins),
        "exploration": {
            "made": report.exploration.made,
            "explored": report.exploration.explored,
            "share": report.exploration.share,
        },
        "never_offered": {wait.value: count for wait, count in report.newcomers.by_wait.items()},
        "last_settled_week": _week_in_json(report.week),
        "weeks": [_week_in_json(week) for week in report.drift.weeks],
        "bins": [
            {"low": one.low, "high": one.high, **_tally_in_json(one.tally)} for one in report.drift.bins
        ],
    }


def _distribution_in_json(shared: Distribution) -> dict[str, Any]:
    return {"total": shared.total, "gini": shared.gini, "richest_tenth": shared.share_of_richest(TENTH)}


def _week_in_json(week: Week) -> dict[str, Any]:
    return {
        "since": week.span.since.isoformat(),
        "until": week.span.until.isoformat(),
        "is_settled": week.is_settled,
        **_tally_in_json(week.tally),
        "models": {model: _tally_in_json(tally) for model, tally in week.by_model},
    }


def _tally_in_json(tally: Tally) -> dict[str, Any]:
    intervals = {"wilson_95": tally.confidence(), "band_95": tally.band(Z_95), "band_99": tally.band(Z_99)}
    return {
        "answered": tally.offers,
        "accepted": tally.accepted,
        "observed": tally.observed,
        "promised": tally.predicted,
        **{name: [one.low, one.high] if one else None for name, one in intervals.items()},
        "brier": tally.brier,
        "log_loss": tally.log_loss,
        "verdict": tally.verdict.value,
    }


def _describe(report: FairnessReport) -> Iterator[str]:
    sharing, exploration = report.sharing, report.exploration
    since = timezone.localtime(report.scope.span.since)
    yield f"Since {since:%-d %b %Y}: {sharing.active:,} active providers, {sharing.others:,} others that had an offer."
    yield f"\n{'':<10}{'in all':>10}{'Gini':>10}{'tenth with most has':>22}"
    for name, shared in (("offers", sharing.offers), ("wins", sharing.wins)):
        tenth = _format_share(shared.share_of_richest(TENTH))
        yield f"{name:<10}{shared.total:>10,}{_format(shared.gini):>10}{tenth:>22}"
    share = _format_share(exploration.share)
    yield f"\nExploration: {exploration.explored:,} of {exploration.made:,} offers of the policy ({share})."
    yield "\nActive providers that have never had an offer"
    for wait, count in report.newcomers.by_wait.items():
        yield f"  {wait.label:<34}{count:>8,}"
    yield "\n" + "".join(f"{head:>{width}}" for head, width in _COLUMNS)
    for week in report.drift.weeks:
        yield _describe_week(week)


_COLUMNS = (
    ("week of", 12),
    ("answered", 10),
    ("accepted", 10),
    ("95 % sure", 18),
    ("promised", 10),
    ("99 % band", 18),
    ("Brier", 9),
    ("log loss", 10),
    ("verdict", 12),
    ("model", 16),
)


def _describe_week(week: Week) -> str:
    tally = week.tally
    cells = (
        f"{timezone.localdate(week.span.since):%-d %b}",
        f"{tally.offers:,}",
        _format_share(tally.observed),
        _format_interval(tally.confidence()),
        _format_share(tally.predicted),
        _format_interval(tally.band(Z_99)),
        _format(tally.brier),
        _format(tally.log_loss),
        tally.verdict.value if week.is_settled else "not over",
        ", ".join(model for model, _tally in week.by_model) or "–",
    )
    return "".join(f"{cell:>{width}}" for cell, (_head, width) in zip(cells, _COLUMNS, strict=True))


def _format(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"


def _format_share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _format_interval(interval: Interval | None) -> str:
    return "–" if interval is None else f"{100 * interval.low:.1f} – {100 * interval.high:.1f} %"
