"""What is wrong with rows: each with line, column and reason; counted, the first shown, all written to a file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["PROBLEMS_SHOWN_MAX", "ProblemLog", "RowProblem", "neutralise", "quote"]

PROBLEMS_SHOWN_MAX = 20

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTED_CHARACTERS_MAX = 60


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row cannot be taken in.

    ``line`` is the physical line on which the row starts, ``column`` "" for the whole row.  ``reason`` is the same
    for all values refused for it; ``value`` and ``hint`` are this row's own.  ``is_structural``: the columns of the
    file do not hold what they say, so that no row of it can be trusted.
    """

    line: int
    column: str
    reason: str
    value: str = ""
    hint: str = ""
    is_structural: bool = False

    def __str__(self) -> str:
        where = f"line {self.line}, column “{self.column}”" if self.column else f"line {self.line}"
        value = f": {quote(self.value)}" if self.value else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {self.reason}{value}{hint}"


class ProblemLog:
    """Gathers the problems of a run in little memory: counts by column and reason, and the first in full.

    ``file`` (a text stream, None: none) is written all of them as CSV.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.rows_count = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.shown: list[RowProblem] = []
        self.has_structural = False
        self._writer = None if file is None else csv.writer(file)
        if self._writer is not None:
            self._writer.writerow(["line", "column", "reason", "value", "hint"])

    def add(self, problems: Sequence[RowProblem]) -> None:
        """Note the problems of one row."""
        self.rows_count += 1
        for problem in problems:
            self.counts[problem.column, problem.reason] += 1
            self.has_structural |= problem.is_structural
            if len(self.shown) < PROBLEMS_SHOWN_MAX:
                self.shown.append(problem)
            if self._writer is not None:
                cells = (problem.column, problem.reason, problem.value, problem.hint)
                self._writer.writerow([problem.line, *map(neutralise, cells)])

    @property
    def count(self) -> int:
        """Return how many problems there are; a row may have several."""
        return self.counts.total()


def neutralise(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before what could begin one."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell


def quote(value: str) -> str:
    """Return a value for a message: cut, in one line, and without characters that a terminal would obey."""
    cut = value[:_QUOTED_CHARACTERS_MAX]
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in cut)
    return f"“{shown}…”" if len(value) > len(cut) else f"“{shown}”"
