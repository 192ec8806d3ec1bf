"""Why an import does not begin.

::

    ImportRefused
    ├── FileRefused      the file cannot be read as a table: wrong encoding, an endless line, no header …
    ├── OptionRefused    an option names what is not there, or two contradict each other
    └── RowsRefused      rows of it have errors; each is in the run's ``ProblemLog``

Whichever it is, nothing has been written.
"""

from __future__ import annotations

__all__ = ["FileRefused", "ImportRefused", "OptionRefused", "RowsRefused"]


class ImportRefused(Exception):
    """An import does not begin; the message says why, and what is possible."""


class FileRefused(ImportRefused):
    """The file cannot be read as a table; ``line`` is the physical line where that shows, None: all of it."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class OptionRefused(ImportRefused):
    """An option names what is not there, or contradicts another."""


class RowsRefused(ImportRefused):
    """Rows have errors, ``count`` of them."""

    def __init__(self, message: str, *, count: int) -> None:
        super().__init__(message)
        self.count = count
