"""Names on a map: each beside its dot where there is room, none over another."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Box", "Label", "Labels"]

_LETTER = 7
"""How wide a letter is taken to be, a little too wide, at the size of the labels."""
_LINE = 15
_GAP = 7
"""Between a dot and its name."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the drawing; y points down."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Return whether the two share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Return whether the other lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A text by its baseline; ``anchor`` is ``start``, ``middle`` or ``end``."""

    text: str
    x: float
    y: float
    anchor: str

    @property
    def box(self) -> Box:
        """Return the room that it takes."""
        width = _LETTER * len(self.text)
        left = self.x - {"start": 0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - _LINE + 4, left + width, self.y + 4)


class Labels:
    """The names that have found their place in a frame; what is written first stays."""

    def __init__(self, frame: Box) -> None:
        self._frame = frame
        self._taken: list[Box] = []

    def reserve(self, box: Box) -> None:
        """Keep names away from a part of the drawing."""
        self._taken.append(box)

    def write(self, text: str, *, x: float, y: float, gap: float = _GAP) -> Label | None:
        """Return the name beside a dot: right, left, below or above of it; None where there is no room."""
        for label in _positions(text, x=x, y=y, gap=gap):
            box = label.box
            if self._frame.holds(box) and not any(box.meets(other) for other in self._taken):
                self._taken.append(box)
                return label
        return None


def _positions(text: str, *, x: float, y: float, gap: float) -> tuple[Label, ...]:
    return (
        Label(text, x + gap, y + 4, "start"),
        Label(text, x - gap, y + 4, "end"),
        Label(text, x, y + gap + 10, "middle"),
        Label(text, x, y - gap, "middle"),
    )
