"""What a drawing shows, in words: for whoever cannot see it."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.drawing.annotation import Annotation
from workflows.drawing.captions import label_of
from workflows.drawing.progress import Progress, Status
from workflows.machine import Machine, Transition

__all__ = ["describe"]


def describe(
    machine: Machine, *, progress: Progress | None = None, annotation: Annotation | None = None
) -> str:
    """Return in words what the drawing shows."""
    labels = {state.value: str(state.label) for state in machine.states}
    figures = annotation.states if annotation else {}
    kinds = [
        ", ".join([f"{state.label} ({'open' if state.is_open else 'closed'})", *figures.get(state.value, ())])
        for state in machine.states
    ]
    sentences = [
        f"Begins as {labels[machine.initial]}.",
        f"States: {('; ' if annotation else ', ').join(kinds)}.",
    ]
    if progress:
        sentences.insert(0, f"Now {labels[progress.current]}.")
    for transition in machine.transitions:
        if annotation is None:
            sentences.append(_describe_transition(transition, labels, progress))
        else:
            sentences.extend(_describe_figures(transition, labels, annotation))
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


def _describe_figures(
    transition: Transition, labels: dict[str, str], annotation: Annotation
) -> Iterator[str]:
    for edge in transition.edges():
        text = annotation.edges.get((transition.name, edge.source, edge.target), "")
        yield f"{label_of(transition)}, from {labels[edge.source]} to {labels[edge.target]}: {text}."
