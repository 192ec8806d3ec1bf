"""The features of many providers, kept in one table: ranking wants the numbers of all, hardly anybody those of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["FeatureTable", "Features", "find_table"]

Vector = NDArray[np.float64]


class FeatureTable:
    """A row of ``values`` for each provider, a column for each of the ``names``."""

    def __init__(self, names: Sequence[str], values: Vector) -> None:
        self.names, self.values = tuple(names), values

    def list_rows(self) -> list[Features]:
        """Return the features of each provider."""
        return [Features(self, position) for position in range(len(self.values))]

    @cached_property
    def mappings(self) -> list[dict[str, float]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.names, row, strict=True)) for row in self.values.tolist()]


class Features(Mapping[str, float]):
    """The features of one provider by name: a row of a table."""

    __slots__ = ("position", "table")

    def __init__(self, table: FeatureTable, position: int) -> None:
        self.table, self.position = table, position

    def __getitem__(self, name: str) -> float:
        return self.table.mappings[self.position][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.names)

    def __len__(self) -> int:
        return len(self.table.names)

    def __repr__(self) -> str:
        return repr(self.table.mappings[self.position])


def find_table(rows: Sequence[Mapping[str, float]]) -> FeatureTable | None:
    """Return the table of these rows, in their order; None where they come from several, or from none."""
    tables = {row.table if isinstance(row, Features) else None for row in rows}
    table = tables.pop() if len(tables) == 1 else None
    positions = [row.position for row in rows if isinstance(row, Features)]
    return table and FeatureTable(table.names, table.values[positions])
