"""What stands where and which arrows are drawn together, before anything has a size.

The open states stand in one *line* (happy path first).  A closed state is an *end* when it is on the happy
path, or when only the last open state of the happy path leads there; ends stand on the right.  The other
closed states are *exits* and stand below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflows.machine import Edge, Machine, Transition

__all__ = ["Arrangement", "Arrow", "arrange"]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition drawn once: from one source, or from several together, to one target."""

    transition: Transition
    sources: tuple[str, ...]
    target: str

    @property
    def key(self) -> tuple[str, tuple[str, ...], str]:
        """Return what tells it from the other arrows of its machine."""
        return (self.transition.name, self.sources, self.target)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The places of the states, by value, and the arrows by the way in which they are drawn.

    ``straight`` lead to the next state of the line, ``loops`` to the same, ``arcs`` to any other of the line.
    ``returns`` leave a closed state.
    """

    line: tuple[str, ...]
    ends: tuple[str, ...]
    exits: tuple[str, ...]
    straight: tuple[Arrow, ...]
    loops: tuple[Arrow, ...]
    arcs: tuple[Arrow, ...]
    to_ends: tuple[Arrow, ...]
    to_exits: tuple[Arrow, ...]
    returns: tuple[Arrow, ...]

    def arrows(self) -> Iterator[Arrow]:
        """Yield every arrow, in the order in which they are drawn."""
        for group in (self.straight, self.loops, self.arcs, self.to_ends, self.to_exits, self.returns):
            yield from group


def arrange(machine: Machine) -> Arrangement:
    """Decide what stands where and which arrows are drawn together."""
    line = _line_of(machine)
    ends = _ends_of(machine, line)
    exits = tuple(s.value for s in machine.states if s.value not in (*line, *ends))
    inner, outward, returns = _groups_of(machine, line)
    loops, straight, arcs = _split_inner(inner, line)
    return Arrangement(
        line=line,
        ends=ends,
        exits=exits,
        straight=straight,
        loops=loops,
        arcs=arcs,
        to_ends=tuple(arrow for arrow in outward if arrow.target in ends),
        to_exits=tuple(arrow for arrow in outward if arrow.target in exits),
        returns=returns,
    )


def _line_of(machine: Machine) -> tuple[str, ...]:
    """Return the initial state (even a closed one), then the open ones: the happy path first."""
    values = (machine.initial, *machine.spine, *(state.value for state in machine.states))
    is_open = {state.value: state.is_open for state in machine.states}
    return tuple(value for value in dict.fromkeys(values) if is_open[value] or value == machine.initial)


def _ends_of(machine: Machine, line: tuple[str, ...]) -> tuple[str, ...]:
    """Return the closed states of the happy path, then those to which only its last open state leads."""
    last = [value for value in machine.spine if value in line][-1:]
    sources: dict[str, set[str]] = {state.value: set() for state in machine.states if state.value not in line}
    for edge in machine.edges():
        if edge.target in sources and edge.source in line:
            sources[edge.target].add(edge.source)
    found = (value for value in sources if value in machine.spine or sources[value] == set(last) != set())
    return tuple(sorted(found, key=lambda value: value not in machine.spine))


def _groups_of(
    machine: Machine, line: tuple[str, ...]
) -> tuple[list[Arrow], tuple[Arrow, ...], tuple[Arrow, ...]]:
    """Return the arrows within the line one by one; those out of it, and from closed states, together."""
    inner: list[Arrow] = []
    outward: dict[tuple[str, str], list[Edge]] = {}
    returns: dict[tuple[str, str], list[Edge]] = {}
    is_open = {state.value: state.is_open for state in machine.states}
    for edge in machine.edges():
        if edge.source in line and edge.target in line:
            inner.append(Arrow(edge.transition, (edge.source,), edge.target))
        else:
            group = outward if is_open[edge.source] else returns
            group.setdefault((edge.transition.name, edge.target), []).append(edge)
    return inner, _together(outward), _together(returns)


def _together(groups: dict[tuple[str, str], list[Edge]]) -> tuple[Arrow, ...]:
    return tuple(
        Arrow(edges[0].transition, tuple(edge.source for edge in edges), edges[0].target)
        for edges in groups.values()
    )


def _split_inner(
    inner: list[Arrow], line: tuple[str, ...]
) -> tuple[tuple[Arrow, ...], tuple[Arrow, ...], tuple[Arrow, ...]]:
    """Return loops, straight arrows (one for two neighbours, a primary one if there is), and arcs."""
    loops = tuple(arrow for arrow in inner if arrow.sources[0] == arrow.target)
    straight: dict[str, Arrow] = {}
    for arrow in sorted(inner, key=lambda arrow: not arrow.transition.is_primary):
        if line.index(arrow.target) == line.index(arrow.sources[0]) + 1:
            straight.setdefault(arrow.target, arrow)
    chosen = tuple(straight[value] for value in line if value in straight)
    return loops, chosen, tuple(arrow for arrow in inner if arrow not in loops and arrow not in chosen)
