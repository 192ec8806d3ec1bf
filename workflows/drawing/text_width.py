"""How wide a text will be, without a font: so that a drawing is the same on every machine.

The widths are the greater of those of Inter and of Arial (and its metric twin Liberation Sans), regular and
bold, rounded up: a text drawn in any of them is never wider than what is computed here.
"""

from __future__ import annotations

import unicodedata

__all__ = ["text_width", "wrap_text"]

_CHARACTERS_BY_WIDTH = {
    280: "Iijl",
    320: " ,.·",
    360: "!':;`t|",
    400: "()/[\\]fr",
    480: "-{}",
    560: '"*1_s',
    600: "7J^acekvxyz",
    640: "235689?FLbdghnopqu",
    680: "#$+04<=>EPSTZ~",
    720: "XY",
    760: "&ABCDHKNRUV",
    800: "GOQ",
    840: "w",
    920: "m✓✗",
    960: "M",
    1040: "%@W—…→",
    1300: "⏱",
}
_PER_MILLE = {character: width for width, text in _CHARACTERS_BY_WIDTH.items() for character in text}
_OTHER = 680  # a Latin letter with a diacritic, Greek, Cyrillic
_STEP = 8  # by which a column is made narrower, to find lines of about the same length
_WIDE = 1040  # an ideograph fills the square


def text_width(text: str, *, size: int) -> int:
    """Return the width of a line in pixels, rounded up, when its font size is ``size`` pixels."""
    per_mille = sum(_character_width(character) for character in text)
    return -(-per_mille * size // 1000)


def wrap_text(text: str, *, size: int, width_max: int) -> tuple[str, ...]:
    """Break a text between words into as few lines of ``width_max`` pixels as can be, about equally long.

    A longer word stands alone, as wide as it is.
    """
    best = _fill(text, size=size, width_max=width_max)
    for narrower in range(width_max - _STEP, 0, -_STEP):
        lines = _fill(text, size=size, width_max=narrower)
        if len(lines) > len(best):
            break
        best = lines
    return best


def _fill(text: str, *, size: int, width_max: int) -> tuple[str, ...]:
    """Put as many words into each line as it holds."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size=size) <= width_max:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _character_width(character: str) -> int:
    if character in _PER_MILLE:
        return _PER_MILLE[character]
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER
