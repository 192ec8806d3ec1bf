"""The parts of scores, kept in one table: a decision ranks hundreds of candidates, and most of them nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARTS_SCALE", "Part", "Parts", "PartsTable", "describe_parts", "tabulate_parts"]

Vector = NDArray[np.float64]

_DIGITS = 4

PARTS_SCALE = 10**_DIGITS
"""Decisions keep the numbers of parts in whole parts of this."""


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one feature in a score, in log-odds."""

    feature: str
    value: float
    contribution: float


class PartsTable:
    """What each feature adds to the log-odds of each candidate: a row for each candidate, a column for each name.

    ``contribute`` computes that from the features, when the first part is looked at.
    """

    def __init__(self, names: Sequence[str], values: Vector, contribute: Callable[[Vector], Vector]) -> None:
        self._names, self._values, self._contribute = tuple(names), values, contribute

    def row(self, position: int) -> Parts:
        """Return the parts of one candidate."""
        return Parts(self, position)

    @cached_property
    def _contributions(self) -> Vector:
        return self._contribute(self._values)

    @cached_property
    def rows(self) -> list[tuple[Part, ...]]:
        """Return the parts of all candidates."""
        pairs = zip(self._values.tolist(), self._contributions.tolist(), strict=True)
        return [tuple(map(Part, self._names, values, contributions)) for values, contributions in pairs]

    def columns(self, positions: Sequence[int]) -> dict[str, list[Any]]:
        """Return what ``tabulate_parts`` does, of the candidates at these positions."""
        values, contributions = (
            np.rint(numbers[positions].T * PARTS_SCALE).astype(np.int64).tolist()
            for numbers in (self._values, self._contributions)
        )
        return {"features": list(self._names), "values": values, "contributions": contributions}

    @cached_property
    def documents(self) -> list[list[list[str | float]]]:
        """Return them as decisions keep them: name, value and contribution, the numbers rounded."""
        rounded = (np.round(numbers, _DIGITS).tolist() for numbers in (self._values, self._contributions))
        return [
            [list(part) for part in zip(self._names, *row, strict=True)] for row in zip(*rounded, strict=True)
        ]


class Parts(Sequence[Part]):
    """The parts of one score, which add up to its log-odds."""

    __slots__ = ("position", "table")

    def __init__(self, table: PartsTable, position: int) -> None:
        self.table, self.position = table, position

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | Sequence[Part]:
        return self._parts[index]

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._parts == tuple(other)

    def __hash__(self) -> int:
        return hash(self._parts)

    def __repr__(self) -> str:
        return f"Parts({self._parts!r})"

    @property
    def document(self) -> list[list[str | float]]:
        """Return what ``describe_parts`` does; all candidates' are made at once."""
        return self.table.documents[self.position]

    @property
    def _parts(self) -> tuple[Part, ...]:
        return self.table.rows[self.position]


def tabulate_parts(scores: Sequence[Sequence[Part]]) -> dict[str, list[Any]] | None:
    """Return the parts of many scores in columns; None where they do not come from one table.

    ``features`` are their names; ``values`` and ``contributions`` have a list for each of them, rounded as
    ``describe_parts`` does and in whole parts of ``PARTS_SCALE``.
    """
    tables = {parts.table if isinstance(parts, Parts) else None for parts in scores}
    table = tables.pop() if len(tables) == 1 else None
    if table is None:
        return None
    return table.columns([parts.position for parts in scores if isinstance(parts, Parts)])


def describe_parts(parts: Sequence[Part]) -> list[list[str | float]]:
    """Return parts as decisions keep them: ``[[feature, value, contribution], …]``, the numbers rounded."""
    if isinstance(parts, Parts):
        return parts.document
    return [[part.feature, round(part.value, _DIGITS), round(part.contribution, _DIGITS)] for part in parts]
