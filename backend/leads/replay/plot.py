"""A replay's estimates as a picture: each with its interval, accepts above wins.  Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from backend.leads.replay.report import ReplayReport
from backend.leads.replay.text import ESTIMATES
from backend.matching.off_policy import Estimate, Evaluation

__all__ = ["draw_plot"]

WIDTH = 760
LEFT = 170
SCALE_WIDTH = 560
ROW = 24

# A change is no value per lead: it has no place on the same scale.
_SHOWN = {name: label.strip() for name, label in ESTIMATES.items() if name != "change"}


def draw_plot(report: ReplayReport) -> str:
    """Return an SVG document on a white ground, readable on a dark page too."""
    panel = (len(_SHOWN) + 2) * ROW
    panels = [
        line
        for number, (title, found) in enumerate((("Accepts", report.accepts), ("Wins", report.wins)))
        for line in _draw_panel(f"{title} per lead, first offers", found, top=ROW + number * panel)
    ]
    height = 2 * panel + ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{report.leads:,} past leads under {escape(report.version)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            '<g font-family="sans-serif" font-size="12">',
            *panels,
            "</g>",
            "</svg>\n",
        ]
    )


def _draw_panel(title: str, found: Evaluation, *, top: int) -> Iterator[str]:
    yield f'<text x="16" y="{top}" font-weight="bold">{title}</text>'
    estimates = {label: getattr(found, name) for name, label in _SHOWN.items()}
    highest = max(one.high for one in estimates.values()) or 1.0
    for number, (label, estimate) in enumerate(estimates.items(), start=1):
        yield from _draw_estimate(label, estimate, y=top + number * ROW, highest=highest)


def _draw_estimate(label: str, estimate: Estimate, *, y: int, highest: float) -> Iterator[str]:
    """Draw the interval as a line with ends, and the value as a dot with its figure."""
    low, value, high = (
        LEFT + max(0.0, one) / highest * SCALE_WIDTH * 0.9
        for one in (estimate.low, estimate.value, estimate.high)
    )
    yield f'<text x="{LEFT - 10}" y="{y}" text-anchor="end">{escape(label)}</text>'
    for x1, y1, x2, y2 in ((low, y - 4, high, y - 4), (low, y - 8, low, y), (high, y - 8, high, y)):
        yield f'<line x1="{x1:.1f}" y1="{y1}" x2="{x2:.1f}" y2="{y2}" stroke="#0072b2" stroke-width="2"/>'
    yield f'<circle cx="{value:.1f}" cy="{y - 4}" r="4" fill="#000000"/>'
    yield f'<text x="{high + 8:.1f}" y="{y}">{estimate.value:.3f}</text>'
