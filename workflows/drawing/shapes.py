"""The frozen values of a finished layout: whole pixels, y downwards, the line of open states at y = 0."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from workflows.drawing.arrangement import Arrow
from workflows.drawing.text_width import text_width

__all__ = ["MARK_WIDTH", "Anchor", "Box", "DrawnArrow", "Kind", "Layout", "Path", "Rect", "Text"]

Path = tuple[tuple[int, int], ...]


class Kind(enum.StrEnum):
    """What a text says: the values are the classes in ``diagram.css``."""

    STATE = "state-label"
    TIME = "time"
    LABEL = "label"
    TIMER = "timer"
    DANGER = "danger"
    DANGER_TIMER = "danger-timer"
    TITLE = "title"
    FIGURE = "figure"
    GUARD = "guard"
    GUARD_HELD = "guard-held"
    GUARD_FAILED = "guard-failed"
    EFFECT = "effect"
    NOTE = "note"

    @property
    def size(self) -> int:
        """Return the font size, the same as in ``diagram.css``."""
        return _SIZES.get(self, 12)

    @property
    def line_height(self) -> int:
        """Return the height that one line takes."""
        return self.size + 3

    @property
    def marks(self) -> tuple[str, ...]:
        """Return what is drawn before the text, as few fonts have it: ``clock``, ``danger``."""
        return _MARKS.get(self, ())

    @property
    def lead_width(self) -> int:
        """Return the room that the marks before the text take."""
        return MARK_WIDTH * len(self.marks)

    def width_of(self, text: str) -> int:
        """Return the width of a line of this kind."""
        return self.lead_width + text_width(text, size=self.size)


MARK_WIDTH = 17
_SIZES = {Kind.TITLE: 18, Kind.STATE: 14} | dict.fromkeys(
    (Kind.LABEL, Kind.TIMER, Kind.DANGER, Kind.DANGER_TIMER), 13
)
_MARKS = {Kind.TIMER: ("clock",), Kind.DANGER: ("danger",), Kind.DANGER_TIMER: ("danger", "clock")}


class Anchor(enum.StrEnum):
    """Where the x of a text lies: the values are those of SVG's ``text-anchor``."""

    START = "start"
    MIDDLE = "middle"


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Return the x of the right side."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Return the y of the lower side."""
        return self.y + self.height

    @property
    def middle_x(self) -> int:
        """Return the x of the centre."""
        return self.x + self.width // 2

    @property
    def middle_y(self) -> int:
        """Return the y of the centre."""
        return self.y + self.height // 2

    def overlaps(self, other: Rect) -> bool:
        """Tell whether two rectangles share more than an edge."""
        apart = (
            self.right <= other.x or other.right <= self.x or self.bottom <= other.y or other.bottom <= self.y
        )
        return not apart


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; ``y`` is its baseline."""

    text: str
    kind: Kind
    x: int
    y: int
    anchor: Anchor

    @property
    def rect(self) -> Rect:
        """Return the room that it takes."""
        width = self.kind.width_of(self.text)
        left = self.x - width // 2 if self.anchor is Anchor.MIDDLE else self.x
        return Rect(left, self.y - self.kind.size, width, self.kind.line_height)


@dataclass(frozen=True, slots=True)
class Box:
    """A state's box with its texts."""

    state: str
    rect: Rect
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class DrawnArrow:
    """An arrow with its ways and its texts; the first way ends in the head, the others join it."""

    arrow: Arrow
    role: str
    paths: tuple[Path, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole drawing; ``frame`` is None when no state is open, ``start`` leads to the initial state.

    ``title`` is None in a drawing that stands on a page.
    """

    bounds: Rect
    frame: Rect | None
    frame_text: Text | None
    start: Path
    start_texts: tuple[Text, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[DrawnArrow, ...]
    title: Text | None = None
