"""What the page is made of: a figure with what it means, lines beside it, and bars."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

__all__ = ["NOTHING", "Bar", "Line", "Tile", "format_count", "format_share"]

NOTHING = "–"
"""Stands where there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Line:
    """A few words; ``address``: the list behind them ("": there is none)."""

    words: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure; ``alarm`` says why somebody must look at it ("": nobody must), and ``is_grave`` at once.

    ``compared`` is the figure of the period before.
    """

    name: str
    title: str
    figure: Line
    definition: str
    lines: tuple[Line, ...] = ()
    compared: str = ""
    alarm: str = ""
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One of several counts that are compared: ``percent`` is its length, of the longest possible."""

    name: str
    title: str
    figure: Line
    share: str
    percent: float


def format_count(count: int) -> str:
    """Return a number with its thousands set apart."""
    return number_format(count, use_l10n=True, force_grouping=True)


def format_share(share: float | None) -> str:
    """Return a share as a percentage; one of nothing is no number."""
    if share is None:
        return NOTHING
    # Rounded here: `number_format` cuts digits off.
    percent = number_format(round(share * 100, 1), decimal_pos=0 if share == 1 else 1)
    return _("%(percent)s %%") % {"percent": percent}
