"""What stands above the line: loops of one state, and arcs that go back or skip states.

Short arcs lie below long ones.  The ends of arcs on a box are ordered so that nested arcs do not cross: those
to the left come first, the nearest outermost; then those to the right, the nearest outermost again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from workflows.drawing.arrangement import Arrow
from workflows.drawing.plan import LOOP_STEP, PORT_STEP, Plan
from workflows.drawing.shapes import Anchor, DrawnArrow, Rect, Text

__all__ = ["Skyline", "draw_arcs", "draw_lanes", "draw_loops"]

_CLEARANCE = 12  # between an arc and what is below it
_LEG_MIN = 26  # of an arc above a box


@dataclass(slots=True)
class Skyline:
    """The upper contour of what has been drawn so far."""

    rects: list[Rect] = field(default_factory=list)

    def top_between(self, left: int, right: int, *, default: int) -> int:
        """Return the y of the highest thing between two x, at most ``default``."""
        return min([default, *(rect.y for rect in self.rects if rect.x < right and left < rect.right)])


@dataclass(frozen=True, slots=True)
class _Arc:
    """An arc with its place in the order (short ones first) and the columns that it spans."""

    arrow: Arrow
    order: tuple[int, int]
    source: int
    target: int


def draw_loops(plan: Plan, boxes: dict[str, Rect], skyline: Skyline) -> list[DrawnArrow]:
    """Return the loops: at the right end of the upper side, one inside the other, their texts beside them."""
    drawn = []
    for state, box in boxes.items():
        loops = plan.loops_of(state)
        outermost = 9 + LOOP_STEP * (len(loops) - 1)
        middle, text_x = box.right - outermost - 8, box.right + 2
        for index, arrow in enumerate(loops):
            caption = plan.caption(arrow)
            base = skyline.top_between(middle - outermost, text_x + caption.width, default=box.y)
            top = base - caption.height - 4
            y = min(top + 8, box.y - _LEG_MIN)
            half = 9 + LOOP_STEP * index
            path = ((middle - half, box.y), (middle - half, y), (middle + half, y), (middle + half, box.y))
            texts = caption.below(x=text_x, top=top, anchor=Anchor.START)
            drawn.append(DrawnArrow(arrow, "loop", (path,), texts))
            skyline.rects.append(Rect(middle - half, y, 2 * half, -y))
            skyline.rects.extend(text.rect for text in texts)
    return drawn


def draw_arcs(plan: Plan, boxes: dict[str, Rect], skyline: Skyline) -> list[DrawnArrow]:
    """Return the arcs within the line, each above everything that it spans."""
    arcs = _arcs_of(plan)
    ports = _ports_of(plan, boxes, arcs)
    drawn = []
    for position, arc in enumerate(arcs):
        if arc.arrow not in plan.arrangement.arcs:
            continue
        start, end = ports[arc.order, arc.source], ports[arc.order, arc.target]
        higher = {x for later in arcs[position + 1 :] for x in _ends_of(later, ports)}
        drawn.append(_draw_arc(plan, arc.arrow, start, end, higher=higher, skyline=skyline))
    return drawn


def draw_lanes(
    plan: Plan, boxes: dict[str, Rect], skyline: Skyline, *, right: int
) -> dict[tuple[str, tuple[str, ...], str], tuple[int, int]]:
    """Return the x of the leg and the y of the lane of every lane to an end, by the arrow's key."""
    arcs = _arcs_of(plan)
    ports = _ports_of(plan, boxes, arcs)
    lanes = {}
    for arc in arcs:
        if arc.arrow in plan.lanes():
            x = ports[arc.order, arc.source]
            y = (
                skyline.top_between(x, right, default=-plan.box_height // 2 - _LEG_MIN + _CLEARANCE)
                - _CLEARANCE
            )
            skyline.rects.append(Rect(x, y, right - x, 1))
            lanes[arc.arrow.key] = (x, y)
    return lanes


def _free_middle(left: int, right: int, *, width: int, crossed: set[int]) -> int:
    """Return the middle for a text between two x: as near to the centre as vertical lines allow.

    When no stretch is wide enough, the centre is returned.
    """
    centre = (left + right) // 2
    edges = sorted({left, right, *(x for x in crossed if left < x < right)})
    candidates = []
    for start, end in pairwise(edges):
        low, high = start + 6 + (width + 1) // 2, end - 6 - (width + 1) // 2
        if low <= high:
            candidates.append(min(max(centre, low), high))
    return min(candidates, key=lambda x: (abs(x - centre), x), default=centre)


def _arcs_of(plan: Plan) -> list[_Arc]:
    """Return arcs and lanes, short ones first; a lane ends beyond the last column."""
    line = plan.arrangement.line
    arcs = []
    for index, arrow in enumerate((*plan.arrangement.arcs, *plan.lanes())):
        source = line.index(arrow.sources[0])
        target = line.index(arrow.target) if arrow.target in line else len(line)
        is_lane = arrow.target not in line
        arcs.append(_Arc(arrow, (len(line) if is_lane else abs(target - source), index), source, target))
    return sorted(arcs, key=lambda arc: arc.order)


def _ports_of(plan: Plan, boxes: dict[str, Rect], arcs: list[_Arc]) -> dict[tuple[tuple[int, int], int], int]:
    """Return the x at which each arc touches each of its columns, by the arc's order and the column."""
    ports = {}
    for column, state in enumerate(plan.arrangement.line):
        leftward = [
            arc
            for arc in arcs
            if column in (arc.source, arc.target) and column != min(arc.source, arc.target)
        ]
        rightward = [arc for arc in arcs if column == min(arc.source, arc.target)]
        touching = [*leftward, *reversed(rightward)]
        loops = len(plan.loops_of(state))
        zone = loops * 2 * LOOP_STEP + 18 if loops else 0
        middle = (boxes[state].x + boxes[state].right - zone) // 2
        for index, arc in enumerate(touching):
            ports[arc.order, column] = middle + (2 * index - len(touching) + 1) * PORT_STEP // 2
    return ports


def _ends_of(arc: _Arc, ports: dict[tuple[tuple[int, int], int], int]) -> Iterator[int]:
    for column in (arc.source, arc.target):
        if (arc.order, column) in ports:
            yield ports[arc.order, column]


def _draw_arc(
    plan: Plan, arrow: Arrow, start: int, end: int, *, higher: set[int], skyline: Skyline
) -> DrawnArrow:
    """Draw one arc above the skyline, its texts above it, and raise the skyline."""
    caption, roof = plan.caption(arrow), -plan.box_height // 2
    left, right = min(start, end), max(start, end)
    middle = _free_middle(left, right, width=caption.width, crossed=higher)
    text_left, text_right = middle - caption.width // 2 - 6, middle + caption.width // 2 + 6
    base = skyline.top_between(
        min(left, text_left), max(right, text_right), default=roof - _LEG_MIN + _CLEARANCE
    )
    y = base - _CLEARANCE
    texts: tuple[Text, ...] = caption.below(x=middle, top=y - caption.height - 4, anchor=Anchor.MIDDLE)
    skyline.rects.append(Rect(left - 6, y, right - left + 12, 1))
    skyline.rects.extend(text.rect for text in texts)
    return DrawnArrow(arrow, "arc", (((start, roof), (start, y), (end, y), (end, roof)),), texts)
