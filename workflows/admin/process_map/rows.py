"""The figures of a process map in words: what its drawing shows, and its tables."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.admin.durations import describe_briefly, describe_duration
from workflows.audit import CREATION
from workflows.drawing import Annotation
from workflows.machine import Machine, State, Transition
from workflows.process_map import EdgeFigures, Pace, ProcessMap, StateFigures

__all__ = ["EdgeRow", "Links", "PaceWords", "StateRow", "annotate", "edge_rows", "state_rows"]

_LEAST_SHARE = 0.005
"""What is less is not rounded to nothing."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where a state and a transition lead to; "" where the reader may not go."""

    of_state: Callable[[str], str]
    of_transition: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class PaceWords:
    """How often and how long; "" where nothing happened, or no time is told."""

    count: str
    median: str
    p90: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state; ``waiting_median`` and ``waiting_max`` are of those that are in it now."""

    state: State
    url: str
    now: str
    waiting_median: str
    waiting_max: str
    ended: PaceWords


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One way.  ``source`` is None for a creation; ``share`` is of all that left the source."""

    label: str
    url: str
    source: State | None
    target: State
    pace: PaceWords
    share: str
    is_of_the_machine: bool


def state_rows(found: ProcessMap, links: Links) -> Iterator[StateRow]:
    """Yield the states, as declared."""
    for figures in found.states:
        yield StateRow(
            state=figures.state,
            url=links.of_state(figures.state.value),
            now=f"{figures.now:,}",
            waiting_median=_duration(figures.waiting_median),
            waiting_max=_duration(figures.waiting_max),
            ended=_words_of(figures.ended),
        )


def edge_rows(found: ProcessMap, links: Links) -> Iterator[EdgeRow]:
    """Yield the ways, as declared, the creation first."""
    for edge in found.edges:
        transition = _transition_of(found.machine, edge.transition)
        is_linked = edge.pace.count and (transition or edge.transition == CREATION)
        yield EdgeRow(
            label=_label_of(edge, transition),
            url=links.of_transition(edge.transition) if is_linked else "",
            source=None if edge.source is None else _state_of(found.machine, edge.source),
            target=_state_of(found.machine, edge.target),
            pace=_words_of(edge.pace),
            share=_share_in_words(found.share(edge) if edge.pace.count else None),
            is_of_the_machine=edge.is_of_the_machine,
        )


def annotate(found: ProcessMap, links: Links) -> Annotation:
    """Return what is written into the drawing."""
    edges = [edge for edge in found.edges if edge.is_of_the_machine and edge.source is not None]
    gone = {edge.transition for edge in edges if edge.pace.count}
    states = {figures.state.value: tuple(_box_lines(figures)) for figures in found.states}
    return Annotation(
        states=states,
        edges={edge.key: _at_arrow(edge.pace) for edge in edges},
        counts={edge.key: edge.pace.count for edge in edges},
        start=(_("Created"), _times(found.created)),
        start_count=found.created,
        state_urls={state: links.of_state(state) for state in states},
        transition_urls={name: links.of_transition(name) for name in gone},
    )


def _box_lines(figures: StateFigures) -> Iterator[str]:
    """Yield how many are there now, and apart from them how long it took those that left."""
    waiting = figures.waiting_median
    if waiting is None:
        yield _("%s now") % f"{figures.now:,}"
    else:
        yield _("%(n)s now, for %(time)s") % {"n": f"{figures.now:,}", "time": describe_briefly(waiting)}
    ended = figures.ended
    if ended.median is not None and ended.p90 is not None:
        times = {"median": describe_briefly(ended.median), "p90": describe_briefly(ended.p90)}
        yield _("took %(median)s, p90 %(p90)s") % times


def _at_arrow(pace: Pace) -> str:
    if pace.median is None:
        return _times(pace.count)
    return _("%(times)s, after %(time)s") % {
        "times": _times(pace.count),
        "time": describe_briefly(pace.median),
    }


def _times(count: int) -> str:
    return _("%s×") % f"{count:,}"


def _words_of(pace: Pace) -> PaceWords:
    return PaceWords(count=f"{pace.count:,}", median=_duration(pace.median), p90=_duration(pace.p90))


def _duration(duration: datetime.timedelta | None) -> str:
    return "" if duration is None else describe_duration(duration)


def _share_in_words(share: float | None) -> str:
    if share is None:
        return ""
    return f"{share * 100:.0f} %" if share >= _LEAST_SHARE else _("under 1 %")


def _transition_of(machine: Machine, name: str) -> Transition | None:
    return next((transition for transition in machine.transitions if transition.name == name), None)


def _label_of(edge: EdgeFigures, transition: Transition | None) -> str:
    if edge.transition == CREATION:
        return _("Created")
    return str(transition.label) if transition else edge.transition


def _state_of(machine: Machine, value: str) -> State:
    """Return a state; of one that the machine has no more, its value as its label."""
    found = next((state for state in machine.states if state.value == value), None)
    return found or State(value=value, label=value, is_open=True)
