"""Which column holds which field: by its header, by ``--map``, or the same value for all rows by ``--set``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.fields import FIELDS, find_field, fold
from backend.leads.importing.table import Header, Row

__all__ = ["UNUSED", "ColumnMapping", "map_columns", "read_pairs"]

UNUSED = "-"
"""``--map COLUMN=-`` leaves a column out that would be known by its header."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """``positions`` of the columns by field, and ``constants``: values that all rows have, by field."""

    header: Header
    positions: Mapping[str, int]
    constants: Mapping[str, str]

    def has(self, field: str) -> bool:
        """Return whether the field is filled from anywhere."""
        return field in self.positions or field in self.constants

    def cells_of(self, row: Row) -> dict[str, str]:
        """Return the raw values of a row, by field."""
        cells = {field: row.cells[position] for field, position in self.positions.items()}
        return {**cells, **self.constants}

    def column_of(self, field: str) -> str:
        """Return the name of the column that holds a field; for a constant, the field itself."""
        position = self.positions.get(field)
        return field if position is None else self.header.names[position]


def read_pairs(texts: Sequence[str], *, option: str, form: str, by_last: bool = False) -> dict[str, str]:
    """Return what options such as ``--map column=field`` say, by the left side.

    ``by_last`` splits at the last equals sign, for a left side that may have some.

    Raises: OptionRefused when one is not of this form, or a left side is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        left, equals, right = text.rpartition("=") if by_last else text.partition("=")
        left, right = left.strip(), right.strip()
        if not (equals and left and right):
            raise OptionRefused(f"{option} {text!r}: write {option} {form}.")
        if left in pairs:
            raise OptionRefused(f"{option}: {left!r} is given twice.")
        pairs[left] = right
    return pairs


def map_columns(header: Header, *, chosen: Mapping[str, str], constants: Mapping[str, str]) -> ColumnMapping:
    """Map columns to fields: ``chosen`` is field by column, ``constants`` value by field.

    What is chosen goes before what a header is known by, and so does a constant.

    Raises: OptionRefused when there is no such column or field, or a field would be filled twice.
    """
    _refuse_unknown_fields([*chosen.values(), *constants])
    positions: dict[str, int] = {}
    for column, field in chosen.items():
        position = _find_column(header, column)
        if field != UNUSED:
            _claim(positions, field, position, header)
    for field in constants:
        if field in positions:
            column = header.names[positions[field]]
            raise OptionRefused(f"--set {field} and --map {column!r}={field} contradict each other.")
    _add_known(
        positions,
        header,
        passed_over={_find_column(header, column) for column in chosen},
        constants=constants,
    )
    return ColumnMapping(header, positions, dict(constants))


def _refuse_unknown_fields(names: Sequence[str]) -> None:
    known = [field.name for field in FIELDS]
    for name in names:
        if name != UNUSED and name not in known:
            raise OptionRefused(f"There is no field {name!r}; there are: {', '.join(known)}.")


def _add_known(
    positions: dict[str, int], header: Header, *, passed_over: Collection[int], constants: Collection[str]
) -> None:
    """Map the columns that are known by their headers, to fields that are filled from nowhere else."""
    claimed = {*positions, *constants}
    for position, name in enumerate(header.names):
        field = find_field(name) if name and position not in passed_over else None
        if field is not None and field.name not in claimed:
            _claim(positions, field.name, position, header)


def _find_column(header: Header, column: str) -> int:
    """Return the position of a column, by its very name or by its folded one."""
    if column in header.named:
        return header.names.index(column)
    same = [position for position, name in enumerate(header.names) if name and fold(name) == fold(column)]
    if len(same) == 1:
        return same[0]
    names = ", ".join(header.named)
    raise OptionRefused(f"There is no column {column!r} in the file; there are: {names}.")


def _claim(positions: dict[str, int], field: str, position: int, header: Header) -> None:
    """Give a column to a field that has none yet."""
    if field in positions:
        columns = f"{header.names[positions[field]]!r} and {header.names[position]!r}"
        raise OptionRefused(
            f"The columns {columns} are both {field!r}: choose one with --map COLUMN={field}."
        )
    positions[field] = position
