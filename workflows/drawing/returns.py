"""The arrows that leave closed states: along a line below everything, then up to where they lead."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from workflows.drawing.arrangement import Arrow
from workflows.drawing.plan import Plan
from workflows.drawing.shapes import Anchor, DrawnArrow, Path, Rect

__all__ = ["draw_returns", "return_channels"]

_STEP = 16  # between two lines that touch the same box, and between two rails
_BELOW = 22  # from what was drawn to a line below it

_PortKey = tuple[
    tuple[str, tuple[str, ...], str], str, bool
]  # the arrow's key, the state, whether it is the target
_Port = tuple[int, int, int]  # x and y where the line touches the box, and the x at which it goes down


def return_channels(plan: Plan, boxes: Mapping[str, Rect]) -> list[int]:
    """Return the x of every vertical line between the line of open states and what is below the exits."""
    ports = _ports_of(plan, boxes)
    return sorted(
        {x for (_key, state, _is_target), (x, _y, _rail) in ports.items() if state in plan.arrangement.line}
    )


def draw_returns(plan: Plan, boxes: Mapping[str, Rect], *, drawn: Sequence[Rect]) -> list[DrawnArrow]:
    """Return the arrows, short ones first, each below what was drawn between its ends."""
    ports = _ports_of(plan, boxes)
    spans = {arrow.key: _rails_of(arrow, ports) for arrow in plan.arrangement.returns}
    arrows = sorted(plan.arrangement.returns, key=lambda arrow: max(spans[arrow.key]) - min(spans[arrow.key]))
    ground, returns = list(drawn), []
    for position, arrow in enumerate(arrows):
        caption, rails = plan.caption(arrow), spans[arrow.key]
        later = {rail for other in arrows[position + 1 :] for rail in spans[other.key]}
        left, right = min(rails), max(rails)
        text_x = _start_of_text(left, width=caption.width, crossed=later)
        right = max(right, text_x + caption.width)
        states = {*arrow.sources, arrow.target}
        touched = states | set(plan.arrangement.ends) if states & set(plan.arrangement.ends) else states
        bottoms = [boxes[state].bottom for state in sorted(touched)]
        y = max(bottoms + [rect.bottom for rect in ground if rect.x < right and left < rect.right]) + _BELOW
        texts = caption.below(x=text_x, top=y + 5, anchor=Anchor.START)
        ground.append(Rect(left - 6, y, right - left + 12, caption.height + 5))
        sources = [ports[arrow.key, source, False] for source in arrow.sources]
        returns.append(
            DrawnArrow(arrow, "return", _ways(sources, ports[arrow.key, arrow.target, True], y), texts)
        )
    return returns


def _rails_of(arrow: Arrow, ports: Mapping[_PortKey, _Port]) -> list[int]:
    """Return the x of the vertical lines of an arrow."""
    target = ports[arrow.key, arrow.target, True]
    return [target[2], *(ports[arrow.key, source, False][2] for source in arrow.sources)]


def _start_of_text(left: int, *, width: int, crossed: set[int]) -> int:
    """Return the first x from ``left`` on where no vertical line crosses the texts."""
    starts = sorted({left + 12, *(x + 8 for x in crossed if x > left)})
    return next(start for start in starts if not any(start - 4 < x < start + width + 4 for x in crossed))


def _ports_of(plan: Plan, boxes: Mapping[str, Rect]) -> dict[_PortKey, _Port]:
    """Return where each arrow touches each of its boxes.

    Ends are touched on their right side, all others from below.
    """
    uses = defaultdict(list)
    for arrow in plan.arrangement.returns:
        for source in arrow.sources:
            uses[source].append((arrow.key, source, False))
        uses[arrow.target].append((arrow.key, arrow.target, True))
    far_right = max((boxes[state].right for state in plan.arrangement.ends if state in boxes), default=0)
    ports, rails = {}, Counter[str]()
    for state, keys in uses.items():
        if state not in boxes:
            continue
        box = boxes[state]
        for index, key in enumerate(keys):
            offset = (2 * index - len(keys) + 1) * _STEP // 2
            if state in plan.arrangement.ends:
                rails["right"] += 1
                ports[key] = (box.right, box.middle_y + offset, far_right + _STEP * rails["right"])
            else:
                ports[key] = (box.middle_x + offset, box.bottom, box.middle_x + offset)
    return ports


def _ways(sources: list[_Port], target: _Port, y: int) -> tuple[Path, ...]:
    """Return one way from the farthest source on each side of the target, and short ones that join it."""
    ways: list[Path] = []
    joining: list[Path] = []
    for side in (-1, 1):
        own = sorted(
            (port for port in sources if side * (port[2] - target[2]) > 0), key=lambda p: -side * p[2]
        )
        if own:
            ways.append((*_down(own[0], y), *reversed(_down(target, y))))
        joining.extend((*_down(port, y), (port[2] - 12 * side, y)) for port in own[1:])
    return (*ways, *joining)


def _down(port: _Port, y: int) -> Path:
    x, start, rail = port
    return ((x, start), (rail, y)) if rail == x else ((x, start), (rail, start), (rail, y))
