"""The texts and names of the demo market, kept as tables beside this module."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib import resources

__all__ = ["read_table", "read_weights"]


@functools.cache
def read_table(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of ``data/NAME.csv`` by column name; columns are divided by ``|``, nothing is quoted."""
    path = resources.files("backend.procompare.demo").joinpath("data", f"{name}.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(csv.DictReader(lines, delimiter="|", quoting=csv.QUOTE_NONE))


def read_weights(cell: str) -> dict[str, float]:
    """Read a cell such as ``de:0.8 en:0.2``."""
    pairs = (part.split(":") for part in cell.split())
    return {key: float(weight) for key, weight in pairs}
