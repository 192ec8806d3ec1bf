"""How the policies stand, as a picture: leads won and leads nobody took, as bars with their intervals.  Plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from backend.matching.simulation.contest import Contest, Estimate, Standing
from backend.matching.simulation.rivals import BOUND, OURS

__all__ = ["draw_plot"]

PANELS = {"win_rate": "leads won", "unfilled": "leads nobody took", "wins_gini": "Gini of wins"}

# Okabe and Ito's palette, which the colour-blind can tell apart; grey for who merely is there to compare.
OURS_COLOR, BOUND_COLOR, OTHER_COLOR = "#0072b2", "#e69f00", "#aaaaaa"

WIDTH = 900
LEFT = 250
BAR_HEIGHT = 20
SCALE = 560  # pixels from 0 to 1
PANEL_GAP = 44


def draw_plot(contest: Contest) -> str:
    """Return an SVG document on a white ground, readable on a dark page too."""
    panel = len(contest.standings) * BAR_HEIGHT + PANEL_GAP
    height = len(PANELS) * panel + 10
    body = [
        line
        for number, figure in enumerate(PANELS)
        for line in _draw_panel(contest.standings, figure, top=26 + number * panel)
    ]
    title = f"Policies over {len(contest.seeds)} simulated markets, {contest.leads:,} leads: means and 95 % intervals"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            '<g font-family="sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *body,
            "</g>",
            "</svg>\n",
        ]
    )


def _draw_panel(standings: Sequence[Standing], figure: str, *, top: int) -> Iterator[str]:
    yield _draw_text(16, top, PANELS[figure], bold=True)
    for number, standing in enumerate(standings):
        yield from _draw_bar(standing, standing.figures[figure], y=top + 8 + number * BAR_HEIGHT)


def _draw_bar(standing: Standing, one: Estimate, *, y: int) -> Iterator[str]:
    """Draw a bar, and its interval as a thin line with a light rim, to be seen on a dark bar."""
    color = {OURS: OURS_COLOR, BOUND: BOUND_COLOR}.get(standing.name, OTHER_COLOR)
    yield _draw_text(LEFT - 8, y + 13, standing.name, anchor="end")
    width = one.mean * SCALE
    yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT - 4}" fill="{color}"/>'
    end = LEFT + width
    if math.isfinite(one.high):
        begin, end = LEFT + max(0.0, one.low) * SCALE, LEFT + one.high * SCALE
        for stroke, thickness in (("#ffffff", 4), ("#000000", 1)):
            yield (
                f'<line x1="{begin:.1f}" y1="{y + 8}" x2="{end:.1f}" y2="{y + 8}" stroke="{stroke}" '
                f'stroke-width="{thickness}"/>'
            )
    yield _draw_text(end + 6, y + 13, f"{one.mean:.3f}")


def _draw_text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
