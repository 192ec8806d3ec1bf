"""PostgreSQL's ``box`` as a model field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["Box", "BoxField"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle between two corners; x grows to the east, y to the north."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read what PostgreSQL writes, ``(east,north),(west,south)``.

        Raises: ValueError when the text has not four numbers.
        """
        east, north, west, south = (float(number) for number in re.findall(r"[^(),\s]+", text))
        return cls(west=west, south=south, east=east, north=north)

    def __str__(self) -> str:
        return f"({self.east!r},{self.north!r}),({self.west!r},{self.south!r})"


if TYPE_CHECKING:
    _Field = models.Field[Box | str, Box]
else:
    _Field = models.Field


class BoxField(_Field):
    """A column of type ``box``, which native GiST indexes serve without any extension."""

    description = "Rectangle (PostgreSQL box)"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Name the column's type."""
        return "box"

    def from_db_value(self, value: str | None, *_: Any) -> Box | None:
        """Read a box; None stays None."""
        return None if value is None else Box.parse(value)

    def to_python(self, value: Any) -> Any:
        """Accept a box, None, or the text of a box."""
        return Box.parse(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        """Write a box as PostgreSQL reads it."""
        return None if value is None else str(value)
