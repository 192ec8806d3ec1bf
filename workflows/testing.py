"""Tests from the machine: every edge, every forbidden pair, a way to every state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from workflows.actors import Actor
from workflows.machine import Edge, Machine
from workflows.models import WorkflowModel
from workflows.registry import machine_of

__all__ = ["all_edges", "drive", "forbidden_pairs", "path_to"]

Arguments = Callable[[WorkflowModel, str], Mapping[str, Any]]
"""What a transition (by name) needs to be called on an object: ``by`` and its arguments."""


def all_edges(machine: Machine) -> list[Edge]:
    """Return every edge of the machine, by transition in declared order, then by source."""
    return list(machine.edges())


def forbidden_pairs(machine: Machine) -> list[tuple[str, str]]:
    """Return every (state, transition name) that the machine does not have, in declared order."""
    return [
        (state.value, transition.name)
        for state in machine.states
        for transition in machine.transitions
        if state.value not in transition.sources
    ]


def path_to(machine: Machine, state: str) -> list[Edge]:
    """Return a shortest way from the initial state to a state; empty for the initial one itself.

    Raises: LookupError when there is no way.
    """
    ways: dict[str, list[Edge]] = {machine.initial: []}
    queue = deque([machine.initial])
    while queue:
        here = queue.popleft()
        if here == state:
            return ways[here]
        for edge in machine.edges():
            if edge.source == here and edge.target not in ways:
                ways[edge.target] = [*ways[here], edge]
                queue.append(edge.target)
    raise LookupError(f"Cannot reach '{state}' of {machine.label} from '{machine.initial}'.")


def drive(instance: WorkflowModel, *, to: str, arguments: Arguments, by: Actor | None = None) -> None:
    """Bring a new object to a state along a shortest way, by its own transitions.

    ``arguments(instance, name)`` gives what each transition on the way is called with; ``by`` is the actor where
    that names none.  Raises: TransitionRefused when a guard stands in the way.
    """
    for edge in path_to(machine_of(type(instance)), to):
        given = {"by": by, **arguments(instance, edge.transition.name)}
        getattr(instance, edge.transition.name)(**given)
