"""From a machine to positions: every box, arrow and text, in integers, before any format."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from workflows.drawing.annotation import Annotation
from workflows.drawing.arcs import Skyline, draw_arcs, draw_lanes, draw_loops
from workflows.drawing.arrangement import Arrow
from workflows.drawing.captions import stack_lines
from workflows.drawing.ends import draw_ends, place_ends
from workflows.drawing.exits import draw_exits, exit_columns, exits_width, place_exits
from workflows.drawing.line import FRAME_PAD, draw_straight, place_line, room_after_line
from workflows.drawing.plan import Plan, plan_of
from workflows.drawing.progress import Progress
from workflows.drawing.returns import draw_returns, return_channels
from workflows.drawing.shapes import Anchor, DrawnArrow, Kind, Layout, Path, Rect, Text
from workflows.machine import Machine

__all__ = ["lay_out"]

_MARGIN = 14
_DOT_DISTANCE = 30
_TITLE_HEIGHT = 34


def lay_out(
    machine: Machine,
    *,
    progress: Progress | None = None,
    annotation: Annotation | None = None,
    is_titled: bool = False,
) -> Layout:
    """Compute the whole drawing of a machine; ``is_titled``: its title stands above it."""
    plan = plan_of(machine, progress=progress, annotation=annotation)
    columns = exit_columns(plan)
    channels = sum(arrow.target in plan.arrangement.line for arrow in plan.arrangement.returns)
    room = room_after_line(plan)
    width_min = exits_width(columns, channels=channels) - room - FRAME_PAD + 24
    line = place_line(plan, width_min=width_min)
    skyline = Skyline(rects=list(line.values()))
    arrows = draw_straight(plan, line)
    skyline.rects.extend(text.rect for arrow in arrows for text in arrow.texts)
    arrows += draw_loops(plan, line, skyline)
    arrows += draw_arcs(plan, line, skyline)

    channel_xs = return_channels(plan, line)
    frame_left = _frame_left(machine, line)
    wished = [_wished_x(column.arrows, line) for column in columns]
    right = max(rect.right for rect in line.values()) + room
    xs = place_exits(columns, wished=wished, left=frame_left + 12, right=right - 12, channels=channel_xs)
    reach = [x + max(c.box_right, c.text_right) + 12 for x, c in zip(xs, columns, strict=True)]
    right = max([right, *reach])

    lanes = draw_lanes(plan, line, skyline, right=right)
    frame = _frame_of(arrows, line, left=frame_left, right=right, lanes=[y for _x, y in lanes.values()])
    exit_boxes, exit_arrows = draw_exits(plan, columns, xs, frame_bottom=frame.bottom)
    end_boxes, rows = place_ends(plan, frame_right=frame.right)
    rects = line | end_boxes | exit_boxes
    arrows += draw_ends(plan, frame=frame, boxes=line | end_boxes, rows=rows, lanes=lanes)
    arrows += exit_arrows
    arrows += draw_returns(plan, rects, drawn=_rects_of([frame, *rects.values()], arrows))
    layout = _finish(machine, plan, frame, rects, arrows, start_lines=annotation.start if annotation else ())
    return _with_title(layout, machine) if is_titled else layout


def _frame_left(machine: Machine, line: dict[str, Rect]) -> int:
    """Return the left side of the frame: before the first open state, if there is one."""
    lefts = [rect.x for state, rect in line.items() if machine.state(state).is_open]
    return min(lefts or [0]) - FRAME_PAD


def _wished_x(arrows: Iterable[Arrow], line: dict[str, Rect]) -> int:
    """Return the middle of the states from which arrows come."""
    middles = [line[source].middle_x for arrow in arrows for source in arrow.sources]
    return sum(middles) // len(middles) if middles else 0


def _frame_of(
    arrows: Sequence[DrawnArrow], line: dict[str, Rect], *, left: int, right: int, lanes: Sequence[int]
) -> Rect:
    """Return the frame round all that is drawn between open states, with room for its own label."""
    content = _bounds_of(list(line.values()), arrows)
    corner = [text.rect.y for arrow in arrows for text in arrow.texts if text.rect.x < left + 60]
    corner += [y for arrow in arrows for path in arrow.paths for x, y in path if x < left + 60]
    top = min(
        [
            content.y - 12,
            *(y - 12 for y in lanes),
            *(y - 26 for y in corner),
            *(r.y - 34 for r in line.values()),
        ]
    )
    return Rect(left, top, right - left, content.bottom + 20 - top)


def _finish(
    machine: Machine,
    plan: Plan,
    frame: Rect,
    rects: dict[str, Rect],
    arrows: Sequence[DrawnArrow],
    *,
    start_lines: tuple[str, ...],
) -> Layout:
    """Put everything together and measure it."""
    boxes = tuple(plan.box(state.value, rects[state.value]) for state in machine.states)
    start, start_texts = _start_of(machine, frame, rects, start_lines)
    is_framed = any(state.is_open for state in machine.states)
    shown = [frame] if is_framed else []
    dot = Rect(start[0][0] - 8, -8, 8, 16)
    inner = _bounds_of([*shown, *rects.values(), dot, *(text.rect for text in start_texts)], arrows)
    bounds = Rect(inner.x - _MARGIN, inner.y - _MARGIN, inner.width + 2 * _MARGIN, inner.height + 2 * _MARGIN)
    text = Text("Open", Kind.NOTE, frame.x + 12, frame.y + 18, Anchor.START)
    return Layout(
        bounds=bounds,
        frame=frame if is_framed else None,
        frame_text=text if is_framed else None,
        start=start,
        start_texts=start_texts,
        boxes=boxes,
        arrows=tuple(arrows),
    )


def _start_of(
    machine: Machine, frame: Rect, rects: dict[str, Rect], lines: tuple[str, ...]
) -> tuple[Path, tuple[Text, ...]]:
    """Return the way from the dot to the initial state, and texts: the first above it, the others below."""
    x = rects[machine.initial].x
    end = min(x, frame.x)
    kinds = [(line, Kind.FIGURE if index else Kind.LABEL) for index, line in enumerate(lines)]
    widths = [kind.width_of(line) for line, kind in kinds]
    dot = end - max([_DOT_DISTANCE, *(width + 20 for width in widths)])
    middle = (dot + end) // 2
    above = stack_lines(tuple(kinds[:1]), x=middle, top=-24, anchor=Anchor.MIDDLE)
    return ((dot, 0), (x, 0)), (*above, *stack_lines(tuple(kinds[1:]), x=middle, top=8, anchor=Anchor.MIDDLE))


def _with_title(layout: Layout, machine: Machine) -> Layout:
    """Return the layout with the title of the machine above it."""
    bounds = layout.bounds
    top = bounds.y - _TITLE_HEIGHT
    title = Text(
        str(machine.title), Kind.TITLE, bounds.x + _MARGIN, top + _MARGIN + Kind.TITLE.size, Anchor.START
    )
    width = max(bounds.width, title.rect.width + 2 * _MARGIN)
    taller = Rect(bounds.x, top, width, bounds.height + _TITLE_HEIGHT)
    return dataclasses.replace(layout, bounds=taller, title=title)


def _rects_of(rects: Sequence[Rect], arrows: Sequence[DrawnArrow]) -> list[Rect]:
    """Return rectangles, the texts of arrows, and the corners of their ways."""
    texts = [text.rect for arrow in arrows for text in arrow.texts]
    return [*rects, *texts, *(Rect(x, y, 0, 0) for arrow in arrows for path in arrow.paths for x, y in path)]


def _bounds_of(rects: Sequence[Rect], arrows: Sequence[DrawnArrow]) -> Rect:
    """Return the smallest rectangle round rectangles and arrows."""
    around = _rects_of(rects, arrows)
    left, top = min(rect.x for rect in around), min(rect.y for rect in around)
    return Rect(left, top, max(r.right for r in around) - left, max(r.bottom for r in around) - top)
