"""What can go wrong.

::

    WorkflowError
    ├── DefinitionError            a machine contradicts itself; raised while it is declared
    ├── ActorMissing               something is created and nobody said who does it
    ├── StateWrittenOutsideEngine  a state was about to be written by anything but a transition
    ├── InvalidArguments           a transition was called with something it does not take
    ├── ReentrantTransition        a transition was called on the object whose transition is running
    └── TransitionRefused          this transition, on this object, now: no; nothing has changed
        ├── ObjectGone             the row does not exist any more
        ├── StaleState             it is not in the state that the caller saw
        ├── TransitionNotPossible  its state has no such transition
        ├── TransitionForbidden    the actor may not
        └── TransitionBlocked      guards do not hold; carries all of them
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django_fsm import TransitionNotAllowed

from workflows.guards import Check

__all__ = [
    "ActorMissing",
    "DefinitionError",
    "InvalidArguments",
    "ObjectGone",
    "ReentrantTransition",
    "StaleState",
    "StateWrittenOutsideEngine",
    "TransitionBlocked",
    "TransitionForbidden",
    "TransitionNotPossible",
    "TransitionRefused",
    "WorkflowError",
]


class WorkflowError(Exception):
    """Base of everything that this app raises."""


class DefinitionError(WorkflowError, ImproperlyConfigured):
    """A machine contradicts itself."""


class ActorMissing(WorkflowError):
    """Something is created and nobody said who does it."""


class StateWrittenOutsideEngine(WorkflowError):
    """A state was about to be written by anything but a transition."""


class InvalidArguments(WorkflowError, TypeError):
    """A transition was called with something it does not take."""


class ReentrantTransition(WorkflowError):
    """A transition was called on the object whose transition is running."""


class TransitionRefused(WorkflowError, TransitionNotAllowed):
    """This transition, on this object, now: no.  Nothing has changed.

    ``reasons`` are the checks that failed, each with a code and a sentence; ``state`` is the state found.
    It is a ``django_fsm.TransitionNotAllowed``, so code written for django-fsm keeps catching it.
    """

    code = "refused"

    def __init__(
        self, message: str, *, instance: Any, transition: str, state: str, reasons: Sequence[Check] = ()
    ) -> None:
        super().__init__(message, object=instance, method=transition)
        self.instance = instance
        self.transition = transition
        self.state = state
        self.reasons = tuple(reasons) or (Check(self.code, self.code, holds=False, message=message),)


class ObjectGone(TransitionRefused):
    """The row does not exist any more."""

    code = "gone"


class StaleState(TransitionRefused):
    """It is not in the state that the caller saw."""

    code = "stale"


class TransitionNotPossible(TransitionRefused):
    """Its state has no such transition."""

    code = "not_possible_from_state"


class TransitionForbidden(TransitionRefused):
    """The actor may not."""

    code = "forbidden"


class TransitionBlocked(TransitionRefused):
    """Guards do not hold; carries all of them."""

    code = "blocked"
