"""The ranked candidates of a decision: dictionaries for whoever reads them, columns in the database.

A decision has hundreds of candidates, each with the same dozen names and the same dozen features.  Written in columns,
every name is there once: half the text to write, to send and to read.  Decisions of before are lists of dictionaries in
the database too, and so are those whose entries differ: whoever reads them with SQL reads both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

from django.db import models

from backend.matching.parts import PARTS_SCALE

__all__ = ["CandidateTable", "CandidatesField", "Entry"]

Entry = Mapping[str, Any]
"""One candidate: see ``RoutingDecision``."""

# What a column of each entry's ``parts`` becomes: the features by name, then a list for each of them.
_PARTS, _NAMES, _VALUES, _CONTRIBUTIONS = "parts", "features", "values", "contributions"


class CandidateTable(Sequence[Entry]):
    """The candidates of a decision in columns, best first; an entry is made when somebody looks at it.

    ``columns`` has a list for every name of an entry but ``parts``; in its stead ``features`` names them, and
    ``values`` and ``contributions`` have a list for each of those, in ten-thousandths: whole numbers are written and
    read in a third of the time.
    """

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self.columns = columns

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> CandidateTable | None:
        """Return entries in columns; None where they differ in names or features, or have more than four digits."""
        if isinstance(entries, cls):
            return entries
        names = list(entries[0]) if entries else []
        if _PARTS not in names or any(list(entry) != names for entry in entries):
            return None
        parts = _tabulate([entry[_PARTS] for entry in entries])
        columns = {name: [entry[name] for entry in entries] for name in names if name != _PARTS}
        return None if parts is None else cls({**columns, **parts})

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """Return the candidates as dictionaries."""
        names = [name for name in self.columns if name not in (_NAMES, _VALUES, _CONTRIBUTIONS)]
        rows = zip(*(self.columns[name] for name in names), strict=True)
        return [
            {**dict(zip(names, row, strict=True)), _PARTS: parts}
            for row, parts in zip(rows, self._list_parts(len(self)), strict=True)
        ]

    def _list_parts(self, count: int) -> list[list[list[Any]]]:
        features = self.columns[_NAMES]
        if not features:
            return [[] for _candidate in range(count)]
        values, contributions = (
            [[number / PARTS_SCALE for number in row] for row in zip(*self.columns[name], strict=True)]
            for name in (_VALUES, _CONTRIBUTIONS)
        )
        return [
            [list(part) for part in zip(features, *row, strict=True)]
            for row in zip(values, contributions, strict=True)
        ]

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        return self.entries[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.columns["provider"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.entries == list(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, which has none either

    def __repr__(self) -> str:
        return f"CandidateTable({self.entries!r})"


def _tabulate(described: Sequence[Sequence[Sequence[Any]]]) -> dict[str, list[Any]] | None:
    """Return the parts of all entries in columns; None where that would not say the same."""
    features = [name for name, _value, _contribution in described[0]]
    if any([part[0] for part in parts] != features for parts in described):
        return None
    columns = [
        [[_to_whole(parts[place][which]) for parts in described] for place in range(len(features))]
        for which in (1, 2)
    ]
    if any(number is None for column in columns for numbers in column for number in numbers):
        return None
    return {_NAMES: features, _VALUES: columns[0], _CONTRIBUTIONS: columns[1]}


def _to_whole(number: float) -> int | None:
    whole = round(number * PARTS_SCALE)
    return whole if whole / PARTS_SCALE == number else None


class CandidatesField(models.JSONField):
    """Candidates as a list of dictionaries, best first; in the database in columns where all have the same names."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the list, in whichever shape it was written."""
        read = super().from_db_value(value, expression, connection)
        return CandidateTable(read).entries if isinstance(read, dict) else read

    def get_prep_value(self, value: Any) -> Any:
        """Return what is written."""
        table = CandidateTable.of(value) if isinstance(value, Sequence) else None
        return super().get_prep_value(value if table is None else table.columns)
