"""A CSV file as a header and rows, each with the line on which it starts.

Streamed: of a file of any size no more than one row is held, and a row has a bound.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from backend.leads.importing.byte_source import ByteSource
from backend.leads.importing.errors import FileRefused, OptionRefused
from backend.leads.importing.problems import RowProblem
from backend.leads.importing.recognition import recognise_delimiter, recognise_encoding

__all__ = ["ROW_CHARACTERS_MAX", "Header", "Row", "Table"]

ROW_CHARACTERS_MAX = 1_048_576
"""No row of a lead is longer; what is, is no CSV, or a quotation mark in it is never closed."""

_HEAD_BYTES = 1_048_576
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the physical line on which it starts, counted from 1, and its cells as they stand."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns; "" for a column without one, which cannot be mapped."""

    names: tuple[str, ...]

    @property
    def named(self) -> list[str]:
        """Return the names that there are."""
        return [name for name in self.names if name]

    @property
    def width(self) -> int:
        """Return how many columns there are, without nameless ones at the end."""
        return max(position for position, name in enumerate(self.names, start=1) if name)

    def find_fault(self, row: Row) -> RowProblem | None:
        """Return why a row does not fit the columns, None when it does."""
        count = len(row.cells)
        if count not in (self.width, len(self.names)):
            hint = f"{count} instead of {self.width}"
            return RowProblem(
                row.line, "", "has more or fewer cells than the header", hint=hint, is_structural=True
            )
        beyond = next((cell for cell in row.cells[self.width :] if cell.strip()), None)
        if beyond is not None:
            return RowProblem(row.line, "", "has a value beyond the last column", beyond, is_structural=True)
        return None


class Table:
    """A CSV file on disk.  ``encoding`` and ``delimiter`` None: recognised.

    Raises: FileRefused when it cannot be read, is empty, or its header cannot be used; OptionRefused when
    there is no such encoding.
    """

    def __init__(self, path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> None:
        self.path = path
        self._source = ByteSource(path)
        head = self._source.read_head(_HEAD_BYTES)
        self.encoding = encoding or recognise_encoding(head, is_whole=len(head) < _HEAD_BYTES)
        self.delimiter = delimiter or recognise_delimiter(_decode_head(head, self.encoding))
        first = next(self._read(), None)
        if first is None:
            raise FileRefused(f"{path} is empty: there is no header.")
        self.header = _header_of(first)

    def rows(self) -> Iterator[Row]:
        """Yield every row below the header; empty ones are passed over.

        Raises: FileRefused at what cannot be read on.
        """
        rows = self._read()
        next(rows)
        return rows

    def _read(self) -> Iterator[Row]:
        with (
            self._source.open() as stream,
            io.TextIOWrapper(stream, encoding=self.encoding, newline="") as text,
        ):
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while (cells := _next_cells(reader, lines)) is not None:
                if any(cell.strip() for cell in cells):
                    yield Row(lines.row_line, tuple(cells))


class _Lines:
    """Feeds the physical lines of a text to the CSV reader, and refuses what would fill the memory."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._number = 0
        self.row_line = 1
        self._row_characters = 0

    def begin_row(self) -> None:
        """Note that the next line is the first of a row."""
        self.row_line = self._number + 1
        self._row_characters = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read_line()
        if not line:
            raise StopIteration
        if not self._number:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        self._number += 1
        self._row_characters += len(line)
        if self._row_characters > ROW_CHARACTERS_MAX:
            raise FileRefused(
                f"the row has more than {ROW_CHARACTERS_MAX:,} characters; "
                "is this a CSV file, and is a quotation mark never closed?",
                line=self.row_line,
            )
        if "\0" in line:
            raise FileRefused(
                "a NUL character: this is no text, or UTF-16 without its mark (then: --encoding utf-16-le).",
                line=self._number,
            )
        return line

    def _read_line(self) -> str:
        """Read one line, but no more of it than shows that it is too long."""
        try:
            return self._text.readline(ROW_CHARACTERS_MAX + 1)
        except UnicodeDecodeError as error:
            # The block that fails to decode begins inside the line that was asked for.
            before = error.object[: error.start].decode(error.encoding, errors="ignore").replace("\r\n", "\n")
            raise FileRefused(
                f"byte 0x{error.object[error.start]:02X} cannot be read as {error.encoding}; "
                "name the encoding of the file with --encoding, for example --encoding cp1252.",
                line=self._number + 1 + before.count("\n") + before.count("\r"),
            ) from error


def _next_cells(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """Return the cells of the next row, None at the end."""
    lines.begin_row()
    try:
        return next(reader, None)
    except csv.Error as error:
        raise FileRefused(_explain(error), line=lines.row_line) from error


def _explain(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end" in message:
        return "a quotation mark is opened in this row and never closed."
    if "field limit" in message:
        return (
            f"a cell has more than {csv.field_size_limit():,} characters; is a quotation mark never closed?"
        )
    return f"this row is no CSV: {message}."


def _decode_head(head: bytes, encoding: str) -> str:
    try:
        text = io.TextIOWrapper(io.BytesIO(head), encoding=encoding, errors="replace", newline="").read()
    except LookupError as error:
        raise OptionRefused(f"There is no encoding {encoding!r}: {error}.") from error
    return text.removeprefix(_BYTE_ORDER_MARK)


def _header_of(row: Row) -> Header:
    names = tuple(" ".join(cell.split()) for cell in row.cells)
    folded = Counter(name.casefold() for name in names if name)
    repeated = sorted(name for name, count in folded.items() if count > 1)
    if repeated:
        places = "; ".join(f"“{name}” in columns {_positions(names, name)}" for name in repeated)
        raise FileRefused(f"the header names a column more than once: {places}.", line=row.line)
    return Header(names)


def _positions(names: tuple[str, ...], folded: str) -> str:
    positions = [position for position, name in enumerate(names, start=1) if name.casefold() == folded]
    return f"{', '.join(map(str, positions[:-1]))} and {positions[-1]}"
