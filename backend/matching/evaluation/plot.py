"""The figures as a picture: hit@1, 3 and 5 of every ranking as bars, and hit@1 by week as lines.  Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from backend.matching.evaluation.figures import Figures
from backend.matching.evaluation.report import Report

__all__ = ["draw_plot"]

# Okabe and Ito's palette, which the colour-blind can tell apart; grey for who merely counts.
COLORS = ("#bbbbbb", "#999999", "#777777", "#555555", "#e69f00", "#0072b2", "#009e73")
BAR_METRICS = ("hit@1", "hit@3", "hit@5")

WIDTH = 900
LEFT = 230
BAR_HEIGHT = 16
SCALE = 560  # pixels from 0 to 1
WEEK_HEIGHT = 220
WEEK_NAMES_MAX = 6


def draw_plot(report: Report) -> str:
    """Return an SVG document on a white ground, readable on a dark page too."""
    bars_height = len(BAR_METRICS) * (len(report.figures) * BAR_HEIGHT + 40)
    height = bars_height + WEEK_HEIGHT + 110
    body = [*_draw_bars(report.figures), *_draw_weeks(report, top=bars_height + 60)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            '<g font-family="sans-serif" font-size="12">',
            f"<title>{escape(report.log)}: who resolves a request, as each ranking has it</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *body,
            "</g>",
            "</svg>\n",
        ]
    )


def _draw_bars(figures: Sequence[Figures]) -> Iterator[str]:
    top = 30
    for metric in BAR_METRICS:
        yield _draw_text(16, top, metric, bold=True)
        for number, one in enumerate(figures):
            yield from _draw_bar(one, metric, color=_color(number), y=top + 8 + number * BAR_HEIGHT)
        top += len(figures) * BAR_HEIGHT + 40


def _draw_bar(figures: Figures, metric: str, *, color: str, y: int) -> Iterator[str]:
    """Draw a bar, and its interval as a thin line."""
    estimate = figures.metrics[metric]
    yield _draw_text(LEFT - 8, y + 11, figures.name, anchor="end")
    yield f'<rect x="{LEFT}" y="{y}" width="{estimate.value * SCALE:.1f}" height="{BAR_HEIGHT - 4}" fill="{color}"/>'
    for stroke, width in (("#ffffff", 4), ("#000000", 1)):  # a light rim, to be seen on a dark bar
        yield _draw_line(
            LEFT + estimate.low * SCALE, y + 6, LEFT + estimate.high * SCALE, y + 6, stroke, width=width
        )
    yield _draw_text(LEFT + estimate.high * SCALE + 6, y + 11, f"{estimate.value:.3f}")


def _draw_weeks(report: Report, *, top: int) -> Iterator[str]:
    """Draw a line per ranking over the weeks; from 0 to the highest value, rounded up to a tenth."""
    highest = max((value for week in report.weeks for value in week.hits.values()), default=0)
    ceiling = max(0.1, -(-highest // 0.1) / 10)
    step = (WIDTH - LEFT - 60) / max(1, len(report.weeks) - 1)
    bottom = top + WEEK_HEIGHT
    yield _draw_text(16, top - 20, "hit@1 by week after the split, colours as above", bold=True)
    for tenth in range(round(ceiling * 10) + 1):
        y = bottom - tenth / 10 / ceiling * WEEK_HEIGHT
        yield _draw_line(LEFT, y, WIDTH - 60, y, "#dddddd")
        yield _draw_text(LEFT - 8, y + 4, f"{tenth / 10:.1f}", anchor="end")
    yield from _draw_week_names(report, step=step, y=bottom + 20)
    for number, figures in enumerate(report.figures):
        values = [week.hits[figures.name] for week in report.weeks]
        points = [(LEFT + n * step, bottom - value / ceiling * WEEK_HEIGHT) for n, value in enumerate(values)]
        yield from _draw_path(points, color=_color(number))


def _draw_week_names(report: Report, *, step: float, y: float) -> Iterator[str]:
    """Write below the lines which week is where: of a long log some, so that none hides another."""
    every = -(-len(report.weeks) // WEEK_NAMES_MAX)
    for number, week in enumerate(report.weeks):
        is_last = number and number == len(report.weeks) - 1
        anchor = "end" if is_last else "middle" if number else "start"
        if number % every == 0:
            yield _draw_text(
                LEFT + number * step, y, f"week {week.week + 1} ({week.requests:,})", anchor=anchor
            )


def _draw_path(points: Sequence[tuple[float, float]], *, color: str) -> Iterator[str]:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{joined}" fill="none" stroke="{color}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points)


def _draw_text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _draw_line(x1: float, y1: float, x2: float, y2: float, color: str, *, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"/>'


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]
