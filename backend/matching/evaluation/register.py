"""Numbers for names, given in the order in which the names become known.

Numbers taken from the whole log would tell who is yet to come.
"""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["Register"]


class Register:
    """Gives each name a number from 0 up."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def enter(self, name: Hashable) -> int:
        """Return the number of a name; a new one gets the next."""
        return self._numbers.setdefault(name, len(self._numbers))

    def find(self, name: Hashable) -> int | None:
        """Return the number of a name; None as long as it is not known."""
        return self._numbers.get(name)
