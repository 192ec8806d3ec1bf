"""The layout of a machine as SVG: classes only, the colours are those of ``diagram.css``."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path as FilePath
from xml.sax.saxutils import escape, quoteattr

from workflows.drawing.captions import label_of
from workflows.drawing.layout import lay_out
from workflows.drawing.progress import Progress, Status, status_of
from workflows.drawing.shapes import Anchor, Box, DrawnArrow, Kind, Layout, Path, Rect, Text
from workflows.machine import Machine, State, Transition

__all__ = ["draw_svg"]

_STYLESHEET = FilePath(__file__).parent.parent / "static" / "workflows" / "diagram.css"
_RADIUS = 12
_HEAD_LENGTH, _HEAD_HALF_WIDTH = 10, 5


def draw_svg(
    machine: Machine, *, progress: Progress | None = None, standalone: bool = True, id_prefix: str = "wf"
) -> str:
    """Return the drawing of a machine as one ``<svg>`` element.

    ``standalone`` puts the stylesheet and a background inside; without it the page must load
    ``workflows/diagram.css``.  ``id_prefix`` keeps ids apart when a page shows one machine twice.
    """
    layout = lay_out(machine, progress=progress)
    prefix = f"{id_prefix}-{machine.name}"
    lines = [
        *_opening(machine, layout.bounds, prefix, description=_describe(machine, progress)),
        *(_stylesheet_and_canvas(layout.bounds) if standalone else ()),
        *_frame_of(layout),
        *_start_of(layout.start),
    ]
    for arrow in reversed(layout.arrows):  # long ones first: the texts of short ones stand before their lines
        lines.extend(_arrow_of(arrow, progress))
    for box in layout.boxes:
        lines.extend(_box_of(box, machine.state(box.state), progress))
    return "\n".join([*lines, "</svg>", ""])


def _opening(machine: Machine, bounds: Rect, prefix: str, *, description: str) -> Iterator[str]:
    box = f"{bounds.x} {bounds.y} {bounds.width} {bounds.height}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wf-diagram" role="img" viewBox="{box}" '
        f'width="{bounds.width}" height="{bounds.height}" '
        f"aria-labelledby={quoteattr(f'{prefix}-title {prefix}-desc')}>"
    )
    title = escape(f"{machine.title}: states and transitions")
    yield f"<title id={quoteattr(f'{prefix}-title')}>{title}</title>"
    yield f"<desc id={quoteattr(f'{prefix}-desc')}>{escape(description)}</desc>"


@functools.cache
def _stylesheet() -> str:
    return _STYLESHEET.read_text(encoding="utf-8")


def _stylesheet_and_canvas(bounds: Rect) -> Iterator[str]:
    yield f"<style>\n{escape(_stylesheet())}</style>"
    yield _rect("wf-canvas", bounds, radius=0)


def _frame_of(layout: Layout) -> Iterator[str]:
    if layout.frame and layout.frame_text:
        yield _rect("wf-frame", layout.frame, radius=14)
        yield _text_of(layout.frame_text)


def _start_of(start: Path) -> Iterator[str]:
    (x, y), _end = start
    yield '<g class="wf-arrow wf-plain">'
    yield f'<circle class="wf-start" cx="{x}" cy="{y}" r="7"/>'
    yield from _ways_of((start,))
    yield "</g>"


def _box_of(box: Box, state: State, progress: Progress | None) -> Iterator[str]:
    classes = ["wf-state", f"wf-{state.tone}", "wf-open" if state.is_open else "wf-closed"]
    if progress and state.value == progress.current:
        classes.append("wf-current")
    elif progress and state.value in progress.entered:
        classes.append("wf-entered")
    yield f'<g class="{" ".join(classes)}" data-state={quoteattr(state.value)}>'
    rect = box.rect
    if "wf-current" in classes:
        yield _rect("wf-halo", Rect(rect.x - 4, rect.y - 4, rect.width + 8, rect.height + 8), radius=14)
    yield _rect("wf-box", rect, radius=10)
    yield from map(_text_of, box.texts)
    yield "</g>"


def _arrow_of(drawn: DrawnArrow, progress: Progress | None) -> Iterator[str]:
    classes = f"wf-arrow wf-{drawn.role} wf-{status_of(drawn.arrow, progress)}"
    yield f'<g class="{classes}" data-transition={quoteattr(drawn.arrow.transition.name)}>'
    if drawn.arrow.transition.description:
        yield f"<title>{escape(str(drawn.arrow.transition.description))}</title>"
    yield from _ways_of(drawn.paths)
    yield from map(_text_of, drawn.texts)
    yield "</g>"


def _text_of(text: Text) -> str:
    x = text.x + (text.kind.lead_width // 2 if text.anchor is Anchor.MIDDLE else text.kind.lead_width)
    line = (
        f'<text class="wf-text wf-{text.kind}" x="{x}" y="{text.y}" '
        f'text-anchor="{text.anchor}">{escape(text.text)}</text>'
    )
    return f"{_clock_at(text.rect.x + 6, text.y - 5)}\n{line}" if text.kind is Kind.TIMER else line


def _clock_at(x: int, y: int) -> str:
    """Draw a stop watch: few fonts have one."""
    face = f"M{x - 5} {y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0"
    return f'<path class="wf-clock" d="{face}M{x} {y - 3}v3l2 2M{x - 2} {y - 7}h4"/>'


def _rect(name: str, rect: Rect, *, radius: int) -> str:
    place = f'x="{rect.x}" y="{rect.y}" width="{rect.width}" height="{rect.height}"'
    return f'<rect class="{name}" {place} rx="{radius}"/>'


def _ways_of(paths: tuple[Path, ...]) -> Iterator[str]:
    """Yield the ways, and a head where a way that reaches the target ends."""
    tip = paths[0][-1]
    yield f'<path class="wf-way" d="{_commands(_shortened(paths[0]))}"/>'
    for path in paths[1:]:
        yield f'<path class="wf-way" d="{_commands(_shortened(path) if path[-1] == tip else path)}"/>'
    yield f'<path class="wf-head" d="{_head(paths[0])}"/>'


def _direction(start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
    """Return the unit step of a horizontal or vertical stretch."""
    return ((end[0] > start[0]) - (end[0] < start[0]), (end[1] > start[1]) - (end[1] < start[1]))


def _shortened(path: Path) -> Path:
    """Let a way end within its head, so that the line's end does not show at the tip."""
    x, y = path[-1]
    step_x, step_y = _direction(path[-2], path[-1])
    return (*path[:-1], (x - step_x * (_HEAD_LENGTH - 1), y - step_y * (_HEAD_LENGTH - 1)))


def _head(path: Path) -> str:
    """Return the triangle at the end of a way."""
    x, y = path[-1]
    step_x, step_y = _direction(path[-2], path[-1])
    back_x, back_y = x - step_x * _HEAD_LENGTH, y - step_y * _HEAD_LENGTH
    side_x, side_y = step_y * _HEAD_HALF_WIDTH, step_x * _HEAD_HALF_WIDTH
    return f"M{x} {y}L{back_x + side_x} {back_y + side_y}L{back_x - side_x} {back_y - side_y}Z"


def _commands(path: Path) -> str:
    """Return a way with round corners."""
    commands = [f"M{path[0][0]} {path[0][1]}"]
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        radius = min(_RADIUS, _length(before, corner) // 2, _length(corner, after) // 2)
        in_x, in_y = _direction(before, corner)
        out_x, out_y = _direction(corner, after)
        commands.append(f"L{corner[0] - in_x * radius} {corner[1] - in_y * radius}")
        commands.append(f"Q{corner[0]} {corner[1]} {corner[0] + out_x * radius} {corner[1] + out_y * radius}")
    commands.append(f"L{path[-1][0]} {path[-1][1]}")
    return "".join(commands)


def _length(start: tuple[int, int], end: tuple[int, int]) -> int:
    return abs(start[0] - end[0]) + abs(start[1] - end[1])


def _describe(machine: Machine, progress: Progress | None) -> str:
    """Say in words what the drawing shows."""
    labels = {state.value: str(state.label) for state in machine.states}
    kinds = [f"{state.label} ({'open' if state.is_open else 'closed'})" for state in machine.states]
    sentences = [f"Begins as {labels[machine.initial]}.", f"States: {', '.join(kinds)}."]
    if progress:
        sentences.insert(0, f"Now {labels[progress.current]}.")
    for transition in machine.transitions:
        sentences.append(_describe_transition(transition, labels, progress))
    return " ".join(sentences)


def _describe_transition(transition: Transition, labels: dict[str, str], progress: Progress | None) -> str:
    sources = ", ".join(labels[source] for source in transition.sources)
    target = "the same state" if transition.target is None else labels[transition.target]
    text = f"{label_of(transition)}: from {sources} to {target}"
    if transition.guards:
        text += f"; only if: {', '.join(str(guard.label) for guard in transition.guards)}"
    if transition.effects:
        text += f"; then: {', '.join(str(effect) for effect in transition.effects)}"
    if progress and progress.current in transition.sources:
        text += _describe_chance(transition, progress)
    return f"{text}."


def _describe_chance(transition: Transition, progress: Progress) -> str:
    name = transition.name
    if name in progress.blocked:
        return f"; {Status.BLOCKED} now by: {', '.join(sorted(map(str, progress.blocked[name])))}"
    if name in progress.forbidden:
        return f"; {Status.FORBIDDEN} now"
    return f"; {Status.AVAILABLE} now" if name in progress.available else ""
