"""Figures that a drawing shows in place of guards and effects: what happened along each arrow, who is in each state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.drawing.arrangement import Arrow

__all__ = ["WEIGHT_MAX", "Annotation", "weight_of"]

WEIGHT_MAX = 6
"""The weight of the arrow along which most happened; the classes in ``diagram.css`` go up to it."""

_MUCH = 20

_Edge = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is written into a drawing.

    ``states`` maps a state's value to the lines below its label.  ``edges`` maps (transition's name, source, target)
    to a text at its arrow, ``counts`` to how often it was gone: from these follow the widths of the lines.
    ``start`` are lines at the arrow that leads in, gone ``start_count`` times.  Boxes and texts with an
    address are links.
    """

    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    edges: Mapping[_Edge, str] = field(default_factory=dict)
    counts: Mapping[_Edge, int] = field(default_factory=dict)
    start: tuple[str, ...] = ()
    start_count: int = 0
    state_urls: Mapping[str, str] = field(default_factory=dict)
    transition_urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_links(self) -> bool:
        """Return whether anything in the drawing can be followed."""
        return bool(self.state_urls or self.transition_urls)

    def text_of(self, arrow: Arrow, source: str) -> str:
        """Return what is written at an arrow of what left one of its sources."""
        return self.edges.get((arrow.transition.name, source, arrow.target), "")

    def count_of(self, arrow: Arrow) -> int:
        """Return how often an arrow was gone, from all its sources together."""
        name, target = arrow.transition.name, arrow.target
        return sum(self.counts.get((name, source, target), 0) for source in arrow.sources)


def weight_of(count: int, *, most: int) -> int:
    """Return how wide an arrow is drawn: 0 when nothing went along it, ``WEIGHT_MAX`` when ``most`` did.

    By the square root, so that one of a hundred still differs from one of ten.  A few are never drawn as much.
    """
    if not count:
        return 0
    return 1 + round((WEIGHT_MAX - 1) * math.sqrt(count / max(most, _MUCH)))
