"""The figures as a table for the terminal, and as JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.matching.evaluation.figures import METRICS, RATIO_METRICS, Estimate, Figures, WeekFigures

__all__ = ["Report", "format_json", "format_table"]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is printed of a run.  ``to_judge`` requests lie behind the split, ``judged`` were reached in time."""

    log: str
    requests: int
    to_judge: int
    judged: int
    candidates: int
    unseen: int
    fits: int
    best_baseline: str
    figures: Sequence[Figures]
    weeks: Sequence[WeekFigures]


def format_table(report: Report) -> str:
    """Return a Markdown table, one ranking a row, with what it was measured on above it."""
    head = ["ranking", *METRICS, *(f"× {name}" for name in RATIO_METRICS)]
    rows = [_format_row(figures) for figures in report.figures]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    rule = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    table = [_join(row, widths) for row in (head, rule, *rows)]
    return "\n".join([_describe(report), "", *table, "", _explain(report)])


def format_json(report: Report) -> str:
    """Return everything as one JSON object; intervals are ``[low, high]``, and what is no finite number null."""
    return json.dumps(
        {
            "log": report.log,
            "requests": report.requests,
            "to_judge": report.to_judge,
            "judged": report.judged,
            "candidates": report.candidates,
            "unseen": report.unseen,
            "fits": report.fits,
            "best_baseline": report.best_baseline,
            "rankings": [
                {
                    "name": figures.name,
                    "metrics": {name: _to_json(one) for name, one in figures.metrics.items()},
                    "ratios_to_best_baseline": {name: _to_json(one) for name, one in figures.ratios.items()},
                }
                for figures in report.figures
            ],
            "weeks": [
                {"week": week.week, "requests": week.requests, "hit@1": dict(week.hits)}
                for week in report.weeks
            ],
        },
        indent=2,
        allow_nan=False,
    )


def _describe(report: Report) -> str:
    text = (
        f"{report.log}: {report.judged:,} of {report.requests:,} requests judged, {report.candidates:,} candidates at "
        f"the last of them, models fitted {report.fits} times."
    )
    if report.judged < report.to_judge:
        text += f"  The time was up: {report.to_judge - report.judged:,} requests after the split were not judged."
    return text


def _explain(report: Report) -> str:
    return (
        f"In brackets: 95 % intervals from a bootstrap over days.  ×: as a multiple of “{report.best_baseline}”.\n"
        f"{report.unseen:,} requests were resolved by somebody who had resolved none before: missed by all."
    )


def _format_row(figures: Figures) -> list[str]:
    metrics = [_format_estimate(figures.metrics[name], digits=3) for name in METRICS]
    ratios = [_format_estimate(figures.ratios[name], digits=2) for name in RATIO_METRICS]
    return [figures.name, *metrics, *ratios]


def _format_estimate(one: Estimate, *, digits: int) -> str:
    """Return ``.361 [.340, .382]``: a leading zero says nothing."""
    value, low, high = (f"{number:.{digits}f}".removeprefix("0") for number in (one.value, one.low, one.high))
    return f"{value} [{low}, {high}]"


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"


def _to_json(one: Estimate) -> dict[str, object]:
    value, low, high = (
        number if math.isfinite(number) else None for number in (one.value, one.low, one.high)
    )
    return {"value": value, "interval": [low, high]}
