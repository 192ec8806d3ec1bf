"""What a state machine is, as frozen values: read by the engine, the checks, the drawings and the tests.

A :class:`Machine` is extracted from a model class once (``workflows.registry.machine_of``) and knows
nothing of the database.  Labels may be lazy translations: ``str()`` them where they are shown.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Argument", "Edge", "Guard", "Machine", "State", "Tone", "Transition"]


class Tone(enum.StrEnum):
    """How a state is felt by the people who work with it; colour is never its only sign."""

    NEUTRAL = "neutral"
    GOOD = "good"
    BAD = "bad"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class State:
    """One state: ``is_open`` while something is still expected to happen in it."""

    value: str
    label: str
    is_open: bool
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a transition: named for what must hold.

    ``check(instance, attempt)`` returns None, or a ``Blocker`` that says what is missing.
    ``needs`` names the arguments without which it cannot be judged.  ``check_together(instances, attempt)`` returns
    the same for each of many, with fewer statements; None: each is checked on its own.
    """

    code: str
    label: str
    check: Callable[[Any, Any], Any]
    needs: tuple[str, ...] = ()
    check_together: Callable[[Any, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a transition, read from the signature of its body.

    ``annotation`` is the bare type (``Annotated`` and ``| None`` taken off); ``default`` is
    ``inspect.Parameter.empty`` when it must be given.
    """

    name: str
    label: str
    annotation: Any
    default: Any
    is_required: bool
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """A named move: the sources it leaves, where it leads, what it asks and what it does.

    ``target`` None means that the state stays as it is (a transition to the *same* state, logged all the same).
    ``permission`` is ``app_label.codename``; ``owner`` says in words who else may ("the offer's provider");
    ``system`` names the system actors that may.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str | None
    description: str = ""
    guards: tuple[Guard, ...] = ()
    permission: str | None = None
    owner: str = ""
    system: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    is_primary: bool = False
    is_dangerous: bool = False
    is_timer: bool = False

    def target_from(self, source: str) -> str:
        """Return the state in which it ends when it leaves ``source``."""
        return source if self.target is None else self.target

    def edges(self) -> Iterator[Edge]:
        """Yield one edge per source, in declared order."""
        for source in self.sources:
            yield Edge(transition=self, source=source, target=self.target_from(source))


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow: a transition from one of its sources."""

    transition: Transition
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The whole machine of one model.

    ``label`` is the model's (``leads.lead``), ``name`` its short name for files and addresses (``lead``);
    ``spine`` lists the states of the happy path, from the initial one to the wished-for end.
    """

    label: str
    name: str
    title: str
    field: str
    initial: str
    states: tuple[State, ...]
    spine: tuple[str, ...]
    transitions: tuple[Transition, ...]

    def state(self, value: str) -> State:
        """Return a state by its value.  Raises: KeyError when the machine has no such state."""
        for state in self.states:
            if state.value == value:
                return state
        raise KeyError(value)

    def transition(self, name: str) -> Transition:
        """Return a transition by its name.  Raises: KeyError when the machine has no such transition."""
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise KeyError(name)

    def edges(self) -> Iterator[Edge]:
        """Yield every edge: by transition in declared order, then by source."""
        for transition in self.transitions:
            yield from transition.edges()

    def transitions_from(self, state: str) -> Iterator[Transition]:
        """Yield the transitions that leave a state, in declared order."""
        for transition in self.transitions:
            if state in transition.sources:
                yield transition
