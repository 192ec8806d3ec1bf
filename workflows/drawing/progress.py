"""Where one object stands in its machine, as a drawing shows it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.drawing.arrangement import Arrow

__all__ = ["Progress", "Status", "status_of"]


class Status(enum.StrEnum):
    """How an arrow stands to the object's way: the values are the classes in ``diagram.css``."""

    PLAIN = "plain"
    TAKEN = "taken"
    AVAILABLE = "available"
    BLOCKED = "blocked"
    FORBIDDEN = "forbidden"
    PASSED = "passed"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Progress:
    """One object's way through its machine.

    ``entered`` maps a state's value to a short text shown in its box (``26 Oct 20:58``); ``taken`` are the
    edges gone along, as (transition's name, source, target).  ``available``, ``blocked`` and ``forbidden``
    name transitions out of ``current``; ``blocked`` maps each to the labels of the guards that fail.
    """

    current: str
    entered: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[tuple[str, str, str]] = frozenset()
    available: frozenset[str] = frozenset()
    blocked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()


def status_of(arrow: Arrow, progress: Progress | None) -> Status:
    """Return how an arrow stands: what may be done now comes before what was done.

    PASSED leaves a state in which the object has been, but was not taken; AHEAD leaves none of them.
    """
    if progress is None:
        return Status.PLAIN
    name = arrow.transition.name
    if progress.current in arrow.sources:
        if name in progress.blocked:
            return Status.BLOCKED
        if name in progress.forbidden:
            return Status.FORBIDDEN
        if name in progress.available:
            return Status.AVAILABLE
    if any((name, source, arrow.target) in progress.taken for source in arrow.sources):
        return Status.TAKEN
    been = any(source == progress.current or source in progress.entered for source in arrow.sources)
    return Status.PASSED if been else Status.AHEAD
