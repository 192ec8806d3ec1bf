"""The figures as a table, for the terminal and for ``docs/benchmarks.md``."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from backend.benchmarks.figures import Measurement

__all__ = ["describe_machine", "draw_table", "write_section"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def draw_table(measurements: Sequence[Measurement]) -> str:
    """Return a Markdown table: a row for each measurement, a column for each figure."""
    columns = list(measurements[0].figures)
    head = ["", *columns]
    rows = [[one.name, *(_format(one.figures[column]) for column in columns)] for one in measurements]
    rule = ["---", *["---:" for _column in columns]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def describe_machine() -> str:
    """Return what the figures were taken on."""
    return f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"


def write_section(name: str, text: str, *, page: Path = PAGE) -> None:
    """Put a text between the markers of a section of a page, in place of what was there.

    Raises: ValueError when the page has no such markers.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    content = page.read_text()
    if begin not in content or end not in content:
        raise ValueError(f"{page.name} has no section {name!r}: put {begin} and {end} into it.")
    before, after = content.partition(begin)[0], content.partition(end)[2]
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def _format(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2g}" if figure < 10 else f"{figure:.1f}"
