"""The bytes of a file, read from the beginning as often as needed; gzip is unpacked on the way."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from backend.leads.importing.errors import FileRefused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["UNPACKED_BYTES_MAX", "ByteSource"]

UNPACKED_BYTES_MAX = 2 * 1024**3
"""What a packed file may unpack to: some kilobytes of gzip can be made to unpack to terabytes."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"


class ByteSource:
    """A file on disk.  It must stay as it is from the first reading to the last.

    Raises: FileRefused when it cannot be read, is no ordinary file, or is a spreadsheet or an archive.
    """

    def __init__(self, path: Path, *, unpacked_bytes_max: int = UNPACKED_BYTES_MAX) -> None:
        self.path = path
        self._unpacked_bytes_max = unpacked_bytes_max
        with _refusing_unreadable(path):
            status = path.stat()
        # Asked before it is opened: a pipe opens only when somebody writes to it.
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused(
                f"{path} is no ordinary file; it is read twice, so a folder or a pipe will not do."
            )
        with _refusing_unreadable(path), path.open("rb") as file:
            self._identity = _identity_of(os.fstat(file.fileno()))
            magic = file.read(len(_ZIP))
        if magic == _ZIP:
            raise FileRefused(
                f"{path} is a ZIP archive or a spreadsheet (.xlsx); export or unpack it as CSV."
            )
        self._is_packed = magic.startswith(_GZIP)

    def read_head(self, size_bytes: int) -> bytes:
        """Return the first bytes, unpacked; fewer only when there are no more."""
        with self.open() as stream:
            return stream.read(size_bytes)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file at its beginning.

        Raises: FileRefused when it has changed since it was first looked at; while it is read, when packed data is
        damaged or unpacks to too much.
        """
        with _refusing_unreadable(self.path), self.path.open("rb") as file:
            if _identity_of(os.fstat(file.fileno())) != self._identity:
                raise FileRefused(f"{self.path} was changed while it was being read; start again.")
            if not self._is_packed:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as packed:
                yield io.BufferedReader(_Unpacking(packed, bytes_max=self._unpacked_bytes_max))


class _Unpacking(io.RawIOBase):
    """The content of a gzip file, up to a bound."""

    def __init__(self, packed: gzip.GzipFile, *, bytes_max: int) -> None:
        self._packed = packed
        self._bytes_max = bytes_max
        self._bytes_read = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read the next bytes.  Raises: FileRefused when the data is damaged, or there is too much of it."""
        try:
            count = self._packed.readinto(buffer)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRefused(f"the gzip data is damaged or cut off ({error}).") from error
        self._bytes_read += count
        if self._bytes_read > self._bytes_max:
            raise FileRefused(
                f"it unpacks to more than {self._bytes_max:,} bytes; unpack it yourself if that is meant."
            )
        return count


def _identity_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when somebody writes to the file, or puts another in its place."""
    return status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def _refusing_unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileRefused(f"Cannot read {path}: {error.strerror or error}.") from error
