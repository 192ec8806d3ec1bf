"""What can be done with an object now, what cannot, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows import clock
from workflows.actors import Actor, SystemActor, current_acting
from workflows.attempt import Attempt
from workflows.guards import Check, check_guards
from workflows.machine import Transition
from workflows.refusals import forbidden_check, with_defaults
from workflows.registry import declarations_of, machine_of

if TYPE_CHECKING:
    from workflows.declaration import Declaration
    from workflows.models import WorkflowModel

__all__ = ["Availability", "Explanation", "explain", "explain_one", "guards_hold"]


class Availability(enum.StrEnum):
    """Whether a transition out of the present state can be run now by the actor."""

    AVAILABLE = "available"
    BLOCKED = "blocked"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One transition out of the present state.

    ``checks`` are its guards as far as they can be judged before its arguments are known, those that hold too;
    for a forbidden one, the single check that says whose it is.
    """

    transition: Transition
    availability: Availability
    source: str
    target: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the checks that do not hold."""
        return tuple(check for check in self.checks if not check.holds)

    @property
    def can_be_lifted(self) -> bool:
        """Return whether it is blocked by nothing but what its own arguments can lift (such as a voucher)."""
        return self.availability is Availability.BLOCKED and all(check.lifted_by for check in self.failed)


def explain(instance: WorkflowModel, *, by: Actor) -> tuple[Explanation, ...]:
    """Return every transition out of the present state, in declared order, as it stands for the actor.

    Reads without a lock: by the time it is tried it may have changed, and the engine then says so.
    """
    machine = machine_of(type(instance))
    declarations = declarations_of(type(instance))
    return tuple(
        _explain_transition(instance, transition, declarations[transition.name], by)
        for transition in machine.transitions_from(instance.state)
    )


def explain_one(instance: WorkflowModel, name: str, *, by: Actor) -> Explanation | None:
    """Return one transition as it stands for the actor; None when the present state has no such transition."""
    transition = machine_of(type(instance)).transition(name)
    if instance.state not in transition.sources:
        return None
    return _explain_transition(instance, transition, declarations_of(type(instance))[name], by)


def guards_hold(instance: WorkflowModel, declaration: Declaration) -> bool:
    """Return whether every guard holds, as django-fsm's ``can_proceed`` asks: for nobody in particular."""
    attempt = _attempt(declaration, by=SystemActor("django_fsm"))
    return all(check.holds for check in check_guards(declaration.guards, instance, attempt))


def _explain_transition(
    instance: WorkflowModel, transition: Transition, declaration: Declaration, by: Actor
) -> Explanation:
    availability, checks = _judge(instance, declaration, by)
    return Explanation(
        transition=transition,
        availability=availability,
        source=instance.state,
        target=transition.target_from(instance.state),
        checks=checks,
    )


def _judge(
    instance: WorkflowModel, declaration: Declaration, by: Actor
) -> tuple[Availability, tuple[Check, ...]]:
    if not declaration.allows(instance, by):
        return Availability.FORBIDDEN, (forbidden_check(declaration),)
    checks = check_guards(declaration.guards, instance, _attempt(declaration, by=by))
    holds = all(check.holds for check in checks)
    return Availability.AVAILABLE if holds else Availability.BLOCKED, checks


def _attempt(declaration: Declaration, *, by: Actor) -> Attempt:
    circumstances = current_acting()
    return Attempt(
        transition=declaration.name,
        by=by,
        now=clock.now(),
        channel=circumstances.channel,
        request_id=circumstances.request_id,
        arguments=with_defaults(declaration, {}),
    )
