"""The line below a stand-alone drawing that says what its signs mean: of those signs that it has."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.drawing.arrangement import arrange
from workflows.drawing.shapes import Anchor, Kind, Rect, Text
from workflows.machine import Machine, Tone

__all__ = ["LegendEntry", "Sign", "place_legend"]

_SIGN_WIDTH = 26
_GAP = 16  # between two entries
_LINE_HEIGHT = 22


class Sign(enum.StrEnum):
    """What is explained."""

    OPEN = "open"
    GUARD = "guard"
    EFFECT = "effect"
    CLOCK = "clock"
    DANGER = "danger"
    SEVERAL = "several"
    GOOD = "good"
    BAD = "bad"


_WORDS = {
    Sign.OPEN: "more is expected",
    Sign.GUARD: "only if this holds",
    Sign.EFFECT: "what it does",
    Sign.CLOCK: "taken by the clock",
    Sign.DANGER: "dangerous: asks first",
    Sign.SEVERAL: "from the states named",
    Sign.GOOD: "wished for",
    Sign.BAD: "not wished for",
}


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A sign, drawn in ``room``, and what it means."""

    sign: Sign
    room: Rect
    text: Text


def place_legend(machine: Machine, *, left: int, right: int, top: int) -> tuple[LegendEntry, ...]:
    """Return the entries in lines from ``left`` to ``right``, the first of them at ``top``."""
    entries: list[LegendEntry] = []
    x, y = left, top
    for sign in _signs_of(machine):
        width = _SIGN_WIDTH + 6 + Kind.NOTE.width_of(_WORDS[sign])
        if x > left and x + width > right:
            x, y = left, y + _LINE_HEIGHT
        text = Text(_WORDS[sign], Kind.NOTE, x + _SIGN_WIDTH + 6, y + 12, Anchor.START)
        entries.append(LegendEntry(sign, Rect(x, y, _SIGN_WIDTH, 16), text))
        x += width + _GAP
    return tuple(entries)


def _signs_of(machine: Machine) -> Iterator[Sign]:
    """Yield the signs that the drawing of a machine has."""
    tones = {state.tone for state in machine.states}
    arrangement = arrange(machine)
    from_frame = [arrow for arrow in arrangement.to_ends if len(arrow.sources) > 1]
    occurs = {
        Sign.OPEN: any(state.is_open for state in machine.states),
        Sign.GUARD: any(transition.guards for transition in machine.transitions),
        Sign.EFFECT: any(transition.effects for transition in machine.transitions),
        Sign.CLOCK: any(transition.is_timer for transition in machine.transitions),
        Sign.DANGER: any(transition.is_dangerous for transition in machine.transitions),
        Sign.SEVERAL: bool(from_frame or arrangement.to_exits),
        Sign.GOOD: Tone.GOOD in tones,
        Sign.BAD: Tone.BAD in tones,
    }
    yield from (sign for sign, does in occurs.items() if does)
