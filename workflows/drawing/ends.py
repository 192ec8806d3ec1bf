"""The ends on the right of the frame, and the arrows that lead there."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.drawing.arrangement import Arrow
from workflows.drawing.captions import Caption
from workflows.drawing.plan import Plan
from workflows.drawing.shapes import DrawnArrow, Path, Rect

__all__ = ["draw_ends", "place_ends"]

_GAP = 16  # between two ends, and between the texts of two arrows
_SNAP = 14  # an arrow this near to the line is drawn on it, without a step

_Key = tuple[str, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class _Row:
    """An arrow's row: how far its texts and its share of the box reach above and below."""

    arrow: Arrow | None
    state: str
    above: int
    below: int


def place_ends(plan: Plan, *, frame_right: int) -> tuple[dict[str, Rect], dict[_Key, int]]:
    """Return the boxes of the ends, and the y at which each arrow arrives, by the arrow's key."""
    rows = [row for state in plan.arrangement.ends for row in _rows_of(plan, state)]
    ys: list[int] = []
    for index, row in enumerate(rows):
        ys.append(ys[-1] + rows[index - 1].below + _GAP + row.above if ys else 0)
    shift = _shift_of(plan, rows, ys)
    ys = [y + shift for y in ys]
    x = frame_right + _room_before(plan)
    width = max((plan.box_widths[state] for state in plan.arrangement.ends), default=0)
    boxes = {}
    for state in plan.arrangement.ends:
        own = [y for row, y in zip(rows, ys, strict=True) if row.state == state]
        boxes[state] = Rect(x, own[0] - plan.box_height // 2, width, own[-1] - own[0] + plan.box_height)
    return boxes, {row.arrow.key: y for row, y in zip(rows, ys, strict=True) if row.arrow}


def draw_ends(
    plan: Plan,
    *,
    frame: Rect,
    boxes: dict[str, Rect],
    rows: dict[_Key, int],
    lanes: dict[_Key, tuple[int, int]],
) -> list[DrawnArrow]:
    """Return the arrows to the ends: from the last box, along a lane above the line, or from the frame."""
    last_right = max(rect.right for state, rect in boxes.items() if state in plan.arrangement.line)
    turns = {arrow.key: frame.right + 26 + 10 * index for index, arrow in enumerate(_bent(plan))}
    drawn = []
    for arrow in plan.arrangement.to_ends:
        y, end = rows[arrow.key], boxes[arrow.target].x
        turn = turns.get(arrow.key, frame.right + 16)
        if arrow.key in lanes:
            x, lane = lanes[arrow.key]
            path: Path = ((x, -plan.box_height // 2), (x, lane), (turn, lane), (turn, y), (end, y))
        elif len(arrow.sources) > 1:
            start = min(max(y, frame.y + 14), frame.bottom - 14)
            path = _stepped((frame.right, start), turn, (end, y))
        else:
            path = _stepped((last_right, 0), turn, (end, y))
        text_left = last_right if plan.has_lone_end else frame.right + _bends_width(plan)
        text_right = frame.right if plan.has_lone_end else end - 10
        role = "from-frame" if len(arrow.sources) > 1 else "to-end"
        texts = plan.caption(arrow).around(x=(text_left + text_right) // 2 - 3, y=y)
        drawn.append(DrawnArrow(arrow, role, (path,), texts))
    return drawn


def _stepped(start: tuple[int, int], turn: int, end: tuple[int, int]) -> Path:
    if start[1] == end[1]:
        return (start, end)
    return (start, (turn, start[1]), (turn, end[1]), end)


def _rows_of(plan: Plan, state: str) -> list[_Row]:
    """Return the rows of one end, those that come along a lane first."""
    half = plan.box_height // 2
    arrows = [arrow for arrow in plan.arrangement.to_ends if arrow.target == state]
    arrows.sort(key=lambda arrow: arrow not in plan.lanes())
    if not arrows:
        return [_Row(None, state, half, half)]
    captions: list[Caption] = [plan.caption(arrow) for arrow in arrows]
    rows = []
    for index, (arrow, caption) in enumerate(zip(arrows, captions, strict=True)):
        above = max(caption.head_height + 5, half if index == 0 else 0)
        below = max(caption.tail_height + 6, half if index == len(arrows) - 1 else 0)
        rows.append(_Row(arrow, state, above, below))
    return rows


def _shift_of(plan: Plan, rows: list[_Row], ys: list[int]) -> int:
    """Return how far the rows move to stand round the line, or exactly on it when one of them is near."""
    if not rows:
        return 0
    shift = -(ys[0] + ys[-1]) // 2
    straight = [
        y + shift
        for row, y in zip(rows, ys, strict=True)
        if row.arrow and row.arrow.sources == (plan.arrangement.line[-1],)
    ]
    nearest = min(straight, key=abs, default=_SNAP)
    return shift - nearest if abs(nearest) < _SNAP else shift


def _room_before(plan: Plan) -> int:
    """Return the distance from the frame to the ends: bends, texts, and the heads of the arrows."""
    if not plan.arrangement.to_ends or plan.has_lone_end:
        return 44
    return _bends_width(plan) + max(plan.caption(arrow).width for arrow in plan.arrangement.to_ends) + 20


def _bent(plan: Plan) -> list[Arrow]:
    """Return the arrows that need a bend of their own: along lanes, then from the frame."""
    return [*plan.lanes(), *(arrow for arrow in plan.arrangement.to_ends if len(arrow.sources) > 1)]


def _bends_width(plan: Plan) -> int:
    return 24 + 10 * len(_bent(plan))
