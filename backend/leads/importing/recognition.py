"""Recognising how a table is written: its encoding and its delimiter, from its first bytes."""

from __future__ import annotations

import codecs
import csv
import io
import itertools

import charset_normalizer

from backend.leads.importing.errors import FileRefused

__all__ = ["DELIMITERS", "recognise_delimiter", "recognise_encoding"]

DELIMITERS = ",;\t|"

# UTF-32 first: its mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Nearly any bytes are letters in cp1252, and what was written in cp1250 or cp1251 gives other letters in it: telling
# those apart would be guessing, so they are named with --encoding.
_WESTERN_EUROPEAN = "cp1252"
_JUDGED_BYTES_MAX = 65_536
_ROWS_JUDGED = 100


def recognise_encoding(head: bytes, *, is_whole: bool) -> str:
    """Return the encoding of a file by its first bytes; ``is_whole`` says that there are no more.

    A byte order mark decides; what is UTF-8 is taken as such; else it is Western European (cp1252), if read so it
    looks like a text.  What is not, though most of it is UTF-8, is left to the reader to refuse: it knows the line.

    Raises: FileRefused when it is none of them.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head or _is_utf8(head, is_whole=is_whole) or _is_mostly_utf8(head):
        return "utf-8"
    lines = (line for line in head.splitlines() if not line.isascii())
    sample = b"\n".join(lines)[:_JUDGED_BYTES_MAX]
    if charset_normalizer.from_bytes(sample, cp_isolation=[_WESTERN_EUROPEAN]).best() is None:
        raise FileRefused(
            "the encoding is neither UTF-8 nor UTF-16 nor Western European (cp1252); "
            "name it with --encoding, for example --encoding cp1250."
        )
    return _WESTERN_EUROPEAN


def recognise_delimiter(head: str) -> str:
    """Return the delimiter of a table by its first lines: the one that cuts the most columns, the same in most rows."""
    return max(DELIMITERS, key=lambda delimiter: _count_agreeing_cells(head, delimiter))


def _is_utf8(head: bytes, *, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(head: bytes) -> bool:
    """Return whether more letters beyond ASCII are good UTF-8 than not: a damaged file, or one glued from two."""
    text = head.decode("utf-8", errors="surrogateescape")
    beyond_ascii = [character for character in text if not character.isascii()]
    broken = sum("\udc80" <= character <= "\udcff" for character in beyond_ascii)
    return len(beyond_ascii) > 2 * broken


def _count_agreeing_cells(head: str, delimiter: str) -> float:
    """Return the width of the header times the share of rows that are as wide."""
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    widths = []
    try:
        for row in itertools.islice(rows, _ROWS_JUDGED):
            widths.append(len(row))
    except csv.Error:
        # A field beyond the limit: the reader will refuse it by its line.
        pass
    widths = [width for width in widths if width]
    if not widths or widths[0] == 1:
        return 0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)
