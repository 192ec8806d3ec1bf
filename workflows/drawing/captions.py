"""What is written at an arrow: label, sources, guards and effects, wrapped to lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflows.drawing.annotation import Annotation
from workflows.drawing.arrangement import Arrow
from workflows.drawing.progress import Progress, Status, status_of
from workflows.drawing.shapes import Anchor, Kind, Text
from workflows.drawing.text_width import wrap_text
from workflows.machine import Machine, Transition

__all__ = ["Caption", "caption_of", "label_of", "sources_text", "stack_lines"]

_LABEL_WIDTH_MAX = 190
_DETAIL_WIDTH_MAX = 184
_FIGURES_WIDTH_MAX = 250


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines of an arrow: ``head`` is the label, ``tail`` everything else."""

    head: tuple[tuple[str, Kind], ...]
    tail: tuple[tuple[str, Kind], ...]

    @property
    def width(self) -> int:
        """Return the width of the widest line."""
        return max(kind.width_of(text) for text, kind in (*self.head, *self.tail))

    @property
    def head_height(self) -> int:
        """Return the height of the label."""
        return sum(kind.line_height for _text, kind in self.head)

    @property
    def tail_height(self) -> int:
        """Return the height of what stands below the label."""
        return sum(kind.line_height for _text, kind in self.tail)

    @property
    def height(self) -> int:
        """Return the height of all lines together."""
        return self.head_height + self.tail_height

    def around(self, *, x: int, y: int, anchor: Anchor = Anchor.MIDDLE) -> tuple[Text, ...]:
        """Place the label above a horizontal arrow and the rest below it."""
        above = stack_lines(self.head, x=x, top=y - self.head_height - 5, anchor=anchor)
        return (*above, *stack_lines(self.tail, x=x, top=y + 6, anchor=anchor))

    def below(self, *, x: int, top: int, anchor: Anchor) -> tuple[Text, ...]:
        """Place all lines one below the other, from ``top``."""
        return stack_lines((*self.head, *self.tail), x=x, top=top, anchor=anchor)


def label_of(transition: Transition) -> str:
    """Return the label, with a clock when time takes the transition."""
    return f"{transition.label} ⏱" if transition.is_timer else str(transition.label)


def sources_text(arrow: Arrow, machine: Machine) -> str:
    """Say from where an arrow comes: ``from New, Verified``, or ``from any open state``."""
    open_values = {state.value for state in machine.states if state.is_open}
    if len(open_values) > 1 and set(arrow.sources) == open_values:
        return "from any open state"
    return f"from {', '.join(str(machine.state(value).label) for value in arrow.sources)}"


def caption_of(
    arrow: Arrow,
    machine: Machine,
    *,
    progress: Progress | None = None,
    annotation: Annotation | None = None,
    names_sources: bool = False,
) -> Caption:
    """Return what is written at an arrow; guards of a blocked transition are marked as holding or failing.

    With an annotation its figures stand in the place of guards and effects.
    """
    head = list(_wrap(str(arrow.transition.label), Kind.LABEL, width_max=_LABEL_WIDTH_MAX))
    head[0] = (head[0][0], _kind_of_label(arrow.transition))
    tail = (
        _tail_of(arrow, machine, progress, names_sources=names_sources)
        if annotation is None
        else _figures_of(arrow, machine, annotation, names_sources=names_sources)
    )
    return Caption(head=tuple(head), tail=tuple(tail))


def _kind_of_label(transition: Transition) -> Kind:
    if transition.is_dangerous:
        return Kind.DANGER_TIMER if transition.is_timer else Kind.DANGER
    return Kind.TIMER if transition.is_timer else Kind.LABEL


def _figures_of(
    arrow: Arrow, machine: Machine, annotation: Annotation, *, names_sources: bool
) -> Iterator[tuple[str, Kind]]:
    for source in arrow.sources:
        text = annotation.text_of(arrow, source)
        if names_sources:
            text = f"from {machine.state(source).label}: {text}"
        yield from _wrap(text, Kind.FIGURE, width_max=_FIGURES_WIDTH_MAX)


def _tail_of(
    arrow: Arrow, machine: Machine, progress: Progress | None, *, names_sources: bool
) -> Iterator[tuple[str, Kind]]:
    status = status_of(arrow, progress)
    if names_sources:
        yield from _wrap(sources_text(arrow, machine), Kind.NOTE)
    failing = progress.blocked[arrow.transition.name] if progress and status is Status.BLOCKED else None
    for guard in arrow.transition.guards:
        text, kind = _judged(str(guard.label), failing)
        yield from _wrap(f"[{text}]", kind)
    if arrow.transition.effects:
        yield from _wrap(f"/ {', '.join(str(effect) for effect in arrow.transition.effects)}", Kind.EFFECT)
    if status is Status.FORBIDDEN:
        yield from _wrap("not permitted", Kind.NOTE)


def _judged(label: str, failing: frozenset[str] | None) -> tuple[str, Kind]:
    if failing is None:
        return label, Kind.GUARD
    return (
        (f"✗ {label}", Kind.GUARD_FAILED) if label in map(str, failing) else (f"✓ {label}", Kind.GUARD_HELD)
    )


def _wrap(text: str, kind: Kind, *, width_max: int = _DETAIL_WIDTH_MAX) -> Iterator[tuple[str, Kind]]:
    for line in wrap_text(text, size=kind.size, width_max=width_max):
        yield line, kind


def stack_lines(lines: tuple[tuple[str, Kind], ...], *, x: int, top: int, anchor: Anchor) -> tuple[Text, ...]:
    """Place lines one below the other, from ``top``."""
    texts: list[Text] = []
    for text, kind in lines:
        texts.append(Text(text, kind, x, top + kind.size, anchor))
        top += kind.line_height
    return tuple(texts)
