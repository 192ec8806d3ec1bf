"""The line of open states: where its boxes stand, and the straight arrows between neighbours."""

from __future__ import annotations

from itertools import pairwise

from workflows.drawing.plan import Plan
from workflows.drawing.shapes import DrawnArrow, Rect

__all__ = ["FRAME_PAD", "draw_straight", "place_line", "room_after_line"]

FRAME_PAD = 28
_GAP_MIN = 56
_ARROW_ROOM = 30


def place_line(plan: Plan, *, width_min: int) -> dict[str, Rect]:
    """Return the boxes of the line, from x = 0, with gaps that make it at least ``width_min`` wide."""
    line = plan.arrangement.line
    gaps = [_gap_between(plan, left, right) for left, right in pairwise(line)]
    missing = width_min - sum(gaps) - sum(plan.box_widths[state] for state in line)
    if gaps and missing > 0:
        gaps = [gap + -(-missing // len(gaps)) for gap in gaps]
    boxes: dict[str, Rect] = {}
    x = 0
    for state, gap in zip(line, [*gaps, 0], strict=True):
        boxes[state] = Rect(x, -plan.box_height // 2, plan.box_widths[state], plan.box_height)
        x += plan.box_widths[state] + gap
    return boxes


def room_after_line(plan: Plan) -> int:
    """Return how far the frame reaches beyond the last box: texts of loops and of a lone end stand there."""
    needs = [FRAME_PAD, *(plan.caption(loop).width + 18 for loop in plan.loops_of(plan.arrangement.line[-1]))]
    if plan.has_lone_end:
        needs.append(plan.caption(plan.arrangement.to_ends[0]).width + 34)
    return max(needs)


def draw_straight(plan: Plan, boxes: dict[str, Rect]) -> list[DrawnArrow]:
    """Return the arrows between neighbours, their texts in the middle of the gap."""
    drawn = []
    for arrow in plan.arrangement.straight:
        start, end = boxes[arrow.sources[0]].right, boxes[arrow.target].x
        texts = plan.caption(arrow).around(x=(start + end) // 2 - 3, y=0)
        drawn.append(DrawnArrow(arrow, "straight", (((start, 0), (end, 0)),), texts))
    return drawn


def _gap_between(plan: Plan, left: str, right: str) -> int:
    """Return a gap wide enough for the texts of the straight arrow, of loops, and of arcs above."""
    needs = [_GAP_MIN, *(plan.caption(loop).width + 18 for loop in plan.loops_of(left))]
    for arrow in (*plan.arrangement.straight, *plan.arrangement.arcs):
        if {arrow.sources[0], arrow.target} == {left, right}:
            spare = (
                0
                if arrow in plan.arrangement.straight
                else (plan.box_widths[left] + plan.box_widths[right]) // 3
            )
            needs.append(plan.caption(arrow).width + _ARROW_ROOM - spare)
    return max(needs)
