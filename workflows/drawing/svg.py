"""The layout of a machine as SVG: classes only, the colours are those of ``diagram.css``."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from xml.sax.saxutils import escape, quoteattr

from workflows.drawing.annotation import Annotation, weight_of
from workflows.drawing.description import describe
from workflows.drawing.layout import lay_out
from workflows.drawing.legend import LegendEntry, Sign, place_legend
from workflows.drawing.progress import Progress, status_of
from workflows.drawing.shapes import MARK_WIDTH, Anchor, Box, DrawnArrow, Layout, Path, Rect, Text
from workflows.drawing.ways import draw_ways
from workflows.machine import Machine, State, Tone

__all__ = ["draw_svg"]

_STYLESHEET = FilePath(__file__).parent.parent / "static" / "workflows" / "diagram.css"
_LEGEND_LOOKS = {Sign.SEVERAL: "wf-from-frame", Sign.GOOD: "wf-good", Sign.BAD: "wf-bad"}
_LEGEND_GAP = 20  # between the drawing and its legend


def draw_svg(
    machine: Machine,
    *,
    progress: Progress | None = None,
    annotation: Annotation | None = None,
    standalone: bool = True,
    id_prefix: str = "wf",
) -> str:
    """Return the drawing of a machine as one ``<svg>`` element.

    ``standalone`` puts the stylesheet, a background, title and legend inside; without it the page must load
    ``workflows/diagram.css``.  ``id_prefix`` keeps ids apart when a page shows one machine twice.
    """
    layout = lay_out(machine, progress=progress, annotation=annotation, is_titled=standalone)
    legend = _legend_of(machine, layout) if standalone else ()
    bounds = _with_legend(layout.bounds, legend)
    description = describe(machine, progress=progress, annotation=annotation)
    most = _most_of(layout, annotation)
    lines = [
        *_opening(machine, bounds, f"{id_prefix}-{machine.name}", description, annotation),
        *(_stylesheet_and_canvas(bounds) if standalone else ()),
        *([_text_of(layout.title)] if layout.title else []),
        *_frame_of(layout),
        *_start_of(layout, annotation, most=most),
    ]
    for arrow in reversed(layout.arrows):  # long ones first: the texts of short ones stand before their lines
        lines.extend(_arrow_of(arrow, progress, annotation, most=most))
    for box in layout.boxes:
        lines.extend(_box_of(box, machine.state(box.state), progress, annotation))
    for entry in legend:
        lines.extend(_legend_entry_of(entry))
    return "\n".join([*lines, "</svg>", ""])


def _opening(
    machine: Machine, bounds: Rect, prefix: str, description: str, annotation: Annotation | None
) -> Iterator[str]:
    box = f"{bounds.x} {bounds.y} {bounds.width} {bounds.height}"
    # What is inside of an image cannot be followed.
    role = "group" if annotation and annotation.has_links else "img"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wf-diagram" role="{role}" viewBox="{box}" '
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


def _most_of(layout: Layout, annotation: Annotation | None) -> int:
    """Return how often the arrow was gone along which most happened."""
    if annotation is None:
        return 0
    return max([annotation.start_count, *(annotation.count_of(drawn.arrow) for drawn in layout.arrows)])


def _start_of(layout: Layout, annotation: Annotation | None, *, most: int) -> Iterator[str]:
    (x, y), _end = layout.start
    weight = weight_of(annotation.start_count, most=most) if annotation else 1
    yield f'<g class="wf-arrow wf-plain{f" wf-weight-{weight}" if annotation else ""}">'
    yield f'<circle class="wf-start" cx="{x}" cy="{y}" r="7"/>'
    yield from draw_ways((layout.start,), weight=weight)
    yield from map(_text_of, layout.start_texts)
    yield "</g>"


def _box_of(
    box: Box, state: State, progress: Progress | None, annotation: Annotation | None
) -> Iterator[str]:
    classes = ["wf-state", f"wf-{state.tone}", "wf-open" if state.is_open else "wf-closed"]
    if progress and state.value == progress.current:
        classes.append("wf-current")
    elif progress and state.value in progress.entered:
        classes.append("wf-entered")
    yield f'<g class="{" ".join(classes)}" data-state={quoteattr(state.value)}>'
    url = annotation.state_urls.get(state.value, "") if annotation else ""
    yield from _in_link(_box_shapes(box, state, is_current="wf-current" in classes), url)
    yield "</g>"


def _box_shapes(box: Box, state: State, *, is_current: bool) -> Iterator[str]:
    rect = box.rect
    if is_current:
        yield _rect("wf-halo", _grown(rect, 4), radius=14)
    yield _rect("wf-box", rect, radius=10)
    if state.tone is Tone.BAD:
        yield _rect("wf-inner", _grown(rect, -3), radius=7)
    yield from map(_text_of, box.texts)


def _in_link(lines: Iterable[str], url: str) -> Iterator[str]:
    """Yield lines, inside of a link when there is an address."""
    if not url:
        yield from lines
        return
    yield f'<a class="wf-follow" href={quoteattr(url)}>'
    yield from lines
    yield "</a>"


def _arrow_of(
    drawn: DrawnArrow, progress: Progress | None, annotation: Annotation | None, *, most: int
) -> Iterator[str]:
    transition = drawn.arrow.transition
    classes = f"wf-arrow wf-{drawn.role} wf-{status_of(drawn.arrow, progress)}"
    weight = weight_of(annotation.count_of(drawn.arrow), most=most) if annotation else 1
    if annotation:
        classes += f" wf-weight-{weight}"
    yield f'<g class="{classes}" data-transition={quoteattr(transition.name)}>'
    if transition.description:
        yield f"<title>{escape(str(transition.description))}</title>"
    url = annotation.transition_urls.get(transition.name, "") if annotation else ""
    yield from _in_link([*draw_ways(drawn.paths, weight=weight), *map(_text_of, drawn.texts)], url)
    yield "</g>"


def _text_of(text: Text) -> str:
    x, anchor = text.x, text.anchor
    if text.kind.marks:
        # Right behind its marks, however wide the font is that draws it.
        x, anchor = text.rect.x + text.kind.lead_width, Anchor.START
    marks = [
        _mark(name, text.rect.x + 6 + MARK_WIDTH * index, text.y - 5)
        for index, name in enumerate(text.kind.marks)
    ]
    line = (
        f'<text class="wf-text wf-{text.kind}" x="{x}" y="{text.y}" '
        f'text-anchor="{anchor}">{escape(text.text)}</text>'
    )
    return "\n".join([*marks, line])


def _mark(name: str, x: int, y: int) -> str:
    """Draw a stop watch or a warning triangle: few fonts have them."""
    if name == "clock":
        face = f"M{x - 5} {y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0"
        return f'<path class="wf-clock" d="{face}M{x} {y - 3}v3l2 2M{x - 2} {y - 7}h4"/>'
    return f'<path class="wf-warning" d="M{x} {y - 6}l6 11h-12zM{x} {y - 2}v4M{x} {y + 3}v1"/>'


def _rect(name: str, rect: Rect, *, radius: int) -> str:
    place = f'x="{rect.x}" y="{rect.y}" width="{rect.width}" height="{rect.height}"'
    return f'<rect class="{name}" {place} rx="{radius}"/>'


def _grown(rect: Rect, by: int) -> Rect:
    return Rect(rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by)


def _legend_of(machine: Machine, layout: Layout) -> tuple[LegendEntry, ...]:
    left = layout.title.x if layout.title else layout.bounds.x
    right = layout.bounds.right - (left - layout.bounds.x)
    return place_legend(machine, left=left, right=right, top=layout.bounds.bottom + _LEGEND_GAP - 14)


def _with_legend(bounds: Rect, legend: tuple[LegendEntry, ...]) -> Rect:
    bottom = max([bounds.bottom, *(entry.room.bottom + 14 for entry in legend)])
    right = max([bounds.right, *(entry.text.rect.right + 14 for entry in legend)])
    return Rect(bounds.x, bounds.y, right - bounds.x, bottom - bounds.y)


def _legend_entry_of(entry: LegendEntry) -> Iterator[str]:
    room, look = entry.room, _LEGEND_LOOKS.get(entry.sign, "")
    yield f'<g class="{f"wf-legend {look}".rstrip()}">'
    if entry.sign in (Sign.GUARD, Sign.EFFECT):
        sign = "[…]" if entry.sign is Sign.GUARD else "/ …"
        yield (
            f'<text class="wf-text wf-{entry.sign}" x="{room.middle_x}" y="{entry.text.y}" '
            f'text-anchor="middle">{sign}</text>'
        )
    elif entry.sign in (Sign.CLOCK, Sign.DANGER):
        yield _mark(entry.sign.value, room.right - 7, room.middle_y)
    elif entry.sign is Sign.SEVERAL:
        way: Path = ((room.x, room.middle_y), (room.right, room.middle_y))
        yield from draw_ways((way,))
    else:
        yield _rect("wf-frame" if entry.sign is Sign.OPEN else "wf-box", room, radius=5)
        if entry.sign is Sign.BAD:
            yield _rect("wf-inner", _grown(room, -3), radius=3)
    yield _text_of(entry.text)
    yield "</g>"
