"""The exits below the frame: closed states to which arrows lead from several open states at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workflows.drawing.arrangement import Arrow
from workflows.drawing.plan import Plan
from workflows.drawing.shapes import Anchor, DrawnArrow, Rect

__all__ = ["ExitColumn", "draw_exits", "exit_columns", "exits_width", "place_exits"]

_CHANNEL_ROOM = 14  # on either side of a line that passes between two exits


@dataclass(frozen=True, slots=True)
class ExitColumn:
    """An exit with the arrows that lead to it; all x are relative to the first arrow."""

    state: str
    arrows: tuple[Arrow, ...]
    offsets: tuple[int, ...]
    box_left: int
    box_right: int
    text_right: int


def exit_columns(plan: Plan) -> tuple[ExitColumn, ...]:
    """Return the exits from left to right: near the states from which one goes there."""
    line = plan.arrangement.line
    columns = [_column_of(plan, state) for state in plan.arrangement.exits]

    def place(column: ExitColumn) -> int:
        sources = [line.index(source) for arrow in column.arrows for source in arrow.sources]
        return 1000 * sum(sources) // len(sources) if sources else 1000 * len(line)

    return tuple(sorted(columns, key=place))


def exits_width(columns: Sequence[ExitColumn], *, channels: int) -> int:
    """Return the width that the exits need when they stand as close as can be."""
    if not columns:
        return 0
    between = sum(_distance(left, right) for left, right in pairwise(columns))
    ends = max(columns[-1].box_right, columns[-1].text_right) - columns[0].box_left
    return between + ends + channels * (2 * _CHANNEL_ROOM + 60)


def place_exits(
    columns: Sequence[ExitColumn], *, wished: Sequence[int], left: int, right: int, channels: Sequence[int]
) -> list[int]:
    """Return the x of each column's first arrow: as wished, or closer when they would pass ``right``."""
    xs = _place(columns, wished=wished, left=left, channels=channels)
    if xs and xs[-1] + max(columns[-1].box_right, columns[-1].text_right) > right:
        return _place(columns, wished=[left] * len(columns), left=left, channels=channels)
    return xs


def draw_exits(
    plan: Plan, columns: Sequence[ExitColumn], xs: Sequence[int], *, frame_bottom: int
) -> tuple[dict[str, Rect], list[DrawnArrow]]:
    """Return the boxes of the exits and the arrows from the frame down to them."""
    captions = [plan.caption(arrow).height for column in columns for arrow in column.arrows]
    box_y = frame_bottom + max([44, *(height + 24 for height in captions)])
    boxes, drawn = {}, []
    for column, x in zip(columns, xs, strict=True):
        width = column.box_right - column.box_left
        boxes[column.state] = Rect(x + column.box_left, box_y, width, plan.box_height)
        for arrow, offset in zip(column.arrows, column.offsets, strict=True):
            path = ((x + offset, frame_bottom), (x + offset, box_y))
            texts = plan.caption(arrow).below(x=x + offset + 10, top=frame_bottom + 8, anchor=Anchor.START)
            drawn.append(DrawnArrow(arrow, "from-frame", (path,), texts))
    return boxes, drawn


def _column_of(plan: Plan, state: str) -> ExitColumn:
    arrows = tuple(arrow for arrow in plan.arrangement.to_exits if arrow.target == state)
    offsets, text_right = [0], 0
    for index, arrow in enumerate(arrows):
        if index:
            offsets.append(text_right + 16)
        text_right = offsets[-1] + 10 + plan.caption(arrow).width
    half = plan.box_widths[state] // 2
    inner = 40 if len(arrows) > 1 else half
    right = max(2 * half - inner, offsets[-1] + inner)
    return ExitColumn(state, arrows, tuple(offsets[: len(arrows)]), -inner, right, text_right)


def _distance(left: ExitColumn, right: ExitColumn) -> int:
    """Return the least distance between the first arrows of neighbours: neither boxes nor texts may touch."""
    boxes = left.box_right - right.box_left + 20
    return max(boxes, left.text_right + 16)


def _place(
    columns: Sequence[ExitColumn], *, wished: Sequence[int], left: int, channels: Sequence[int]
) -> list[int]:
    xs: list[int] = []
    for index, column in enumerate(columns):
        x = max(wished[index], left - column.box_left)
        if xs:
            x = max(x, xs[-1] + _distance(columns[index - 1], column))
        for channel in sorted(channels):
            low = min(column.box_left, 0) - _CHANNEL_ROOM
            high = max(column.box_right, column.text_right) + _CHANNEL_ROOM
            if x + low < channel < x + high:
                x = channel - low
        xs.append(x)
    return xs
