"""What all steps of the layout share: the arrangement, the captions, and the sizes of the boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.drawing.annotation import Annotation
from workflows.drawing.arrangement import Arrangement, Arrow, arrange
from workflows.drawing.captions import Caption, caption_of, stack_lines
from workflows.drawing.progress import Progress
from workflows.drawing.shapes import Anchor, Box, Kind, Rect
from workflows.drawing.text_width import text_width, wrap_text
from workflows.machine import Machine

__all__ = ["LOOP_STEP", "PORT_STEP", "Plan", "plan_of"]

PORT_STEP = 18  # between two arrows that touch the same side of a box
LOOP_STEP = 12  # between two loops of one state, one inside the other
_WIDTH_MIN = 104
_HEIGHT_MIN = 50
_LABEL_WIDTH_MAX = 150

_Key = tuple[str, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes from which positions follow; ``box_lines`` are the texts of each state's box."""

    arrangement: Arrangement
    captions: Mapping[_Key, Caption]
    box_lines: Mapping[str, tuple[tuple[str, Kind], ...]]
    box_widths: Mapping[str, int]
    box_height: int

    def caption(self, arrow: Arrow) -> Caption:
        """Return what is written at an arrow."""
        return self.captions[arrow.key]

    def loops_of(self, state: str) -> tuple[Arrow, ...]:
        """Return the loops of a state, inner ones first."""
        return tuple(arrow for arrow in self.arrangement.loops if arrow.target == state)

    def lanes(self) -> tuple[Arrow, ...]:
        """Return the arrows to ends that pass over other states, those to the lowest end first."""
        line, ends = self.arrangement.line, self.arrangement.ends
        lanes = [a for a in self.arrangement.to_ends if len(a.sources) == 1 and a.sources[0] != line[-1]]
        return tuple(sorted(lanes, key=lambda arrow: -ends.index(arrow.target)))

    @property
    def has_lone_end(self) -> bool:
        """Tell whether one arrow leads from the last box to the only end: its texts stand in the frame."""
        arrows, last = self.arrangement.to_ends, self.arrangement.line[-1]
        return len(self.arrangement.ends) == 1 and [arrow.sources for arrow in arrows] == [(last,)]

    def box(self, state: str, rect: Rect) -> Box:
        """Return a state's box with its texts in the middle."""
        lines = self.box_lines[state]
        height = sum(kind.line_height for _text, kind in lines)
        top = rect.middle_y - height // 2 - 1
        return Box(state, rect, stack_lines(lines, x=rect.middle_x, top=top, anchor=Anchor.MIDDLE))


def plan_of(
    machine: Machine, *, progress: Progress | None = None, annotation: Annotation | None = None
) -> Plan:
    """Arrange a machine and measure its texts."""
    arrangement = arrange(machine)
    below = _below_labels(progress, annotation)
    box_lines = {s.value: _lines_of(str(s.label), below.get(s.value, ())) for s in machine.states}
    heights = [sum(kind.line_height for _text, kind in lines) for lines in box_lines.values()]
    joined = {arrow.key for arrow in (*arrangement.to_ends, *arrangement.returns) if len(arrow.sources) > 1}
    named = joined | {arrow.key for arrow in arrangement.to_exits}
    captions = {
        arrow.key: caption_of(
            arrow, machine, progress=progress, annotation=annotation, names_sources=arrow.key in named
        )
        for arrow in arrangement.arrows()
    }
    return Plan(
        arrangement=arrangement,
        captions=captions,
        box_lines=box_lines,
        box_widths=_widths_of(arrangement, box_lines),
        box_height=(max(_HEIGHT_MIN, max(heights) + 18) + 1) // 2 * 2,
    )


def _below_labels(
    progress: Progress | None, annotation: Annotation | None
) -> Mapping[str, tuple[tuple[str, Kind], ...]]:
    """Return what stands below the labels in the boxes: when each was entered, or figures."""
    if annotation is None:
        entered: Mapping[str, str] = progress.entered if progress else {}
        return {state: ((str(text), Kind.TIME),) for state, text in entered.items() if text}
    return {
        state: tuple((line, Kind.TIME if index else Kind.FIGURE) for index, line in enumerate(lines))
        for state, lines in annotation.states.items()
    }


def _lines_of(label: str, below: tuple[tuple[str, Kind], ...]) -> tuple[tuple[str, Kind], ...]:
    label_lines = wrap_text(label, size=Kind.STATE.size, width_max=_LABEL_WIDTH_MAX)
    return (*((line, Kind.STATE) for line in label_lines), *below)


def _widths_of(
    arrangement: Arrangement, box_lines: Mapping[str, tuple[tuple[str, Kind], ...]]
) -> dict[str, int]:
    """Return widths that hold the texts, and the ends of all arcs and loops above."""
    touching = Counter(state for arrow in arrangement.arcs for state in (*arrow.sources, arrow.target))
    touching.update(arrow.sources[0] for arrow in arrangement.to_ends if len(arrow.sources) == 1)
    loops = Counter(arrow.target for arrow in arrangement.loops)
    widths = {}
    for state, lines in box_lines.items():
        texts = max(text_width(text, size=kind.size) for text, kind in lines) + 28
        arrows = touching[state] * PORT_STEP + (loops[state] * 2 * LOOP_STEP + 30 if loops[state] else 0) + 16
        widths[state] = (max(_WIDTH_MIN, texts, arrows) + 1) // 2 * 2
    return widths
