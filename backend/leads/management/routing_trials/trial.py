"""What a sub-command of ``simulate_routing`` is to have."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

__all__ = ["Trial", "parse_count", "write_plot"]

Write = Callable[[str], object]


class Trial(Protocol):
    """One sub-command: its name, what it does in a sentence, its options, and the running of it."""

    name: str
    help: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""

    def run(self, options: Mapping[str, Any], *, write: Write, tell: Write) -> None:
        """Run; results are for ``write``, what happens meanwhile for ``tell``.

        Raises: CommandError when what was asked for cannot be done.
        """


def parse_count(text: str) -> int:
    """Return a whole number above zero.  Raises: ArgumentTypeError when it is none."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def write_plot(document: str, path: Path, *, tell: Write) -> None:
    """Write an SVG document.  Raises: CommandError when it cannot be written there."""
    try:
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
    tell(f"wrote {path}")
