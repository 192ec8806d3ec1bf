"""What the panel above the change form shows, as frozen values for its template."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from workflows import clock
from workflows.actors import Actor, SystemActor, current_acting
from workflows.admin.durations import describe_duration
from workflows.admin.forms import is_consent
from workflows.admin.timeline import Timeline, Way, read_timeline
from workflows.attempt import Attempt
from workflows.drawing import Progress, draw_svg
from workflows.explanation import Availability, Explanation, explain
from workflows.guards import Check, check_guards
from workflows.machine import Argument, Machine, State, Transition
from workflows.models import WorkflowModel
from workflows.registry import machine_of

__all__ = [
    "Action",
    "Checklist",
    "Look",
    "Panel",
    "Remark",
    "asked_arguments",
    "build_panel",
    "is_left_to_the_system",
]


class Look(enum.StrEnum):
    """How a button looks: the values are classes in ``admin.css``."""

    PRIMARY = "primary"
    PLAIN = "plain"
    DANGER = "danger"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Action:
    """One button.  ``asks``: it leads to a page (a dialog) that asks for arguments, or for a yes."""

    name: str
    text: str
    description: str
    url: str
    look: Look
    asks: bool

    @property
    def is_disabled(self) -> bool:
        """Return whether it is shown only to say that it exists."""
        return self.look is Look.BLOCKED


@dataclass(frozen=True, slots=True)
class Checklist:
    """Why a transition is blocked: what holds and what does not.  ``can_be_lifted``: its dialog can."""

    name: str
    label: str
    checks: tuple[Check, ...]
    can_be_lifted: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """A transition that the reader may not run, and whose it is or what it waits for."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that the panel shows of one object, for one reader.

    ``theirs`` are transitions of other people, ``systems`` those that only the system runs.
    """

    state: State
    version: int
    since: datetime.datetime
    in_state_for: str
    actions: tuple[Action, ...]
    checklists: tuple[Checklist, ...]
    theirs: tuple[Remark, ...]
    systems: tuple[Remark, ...]
    diagram: SafeString
    timeline: Timeline


def build_panel(
    instance: WorkflowModel, *, by: Actor, url_of: Callable[[str], str], events_max: int | None
) -> Panel:
    """Return what the panel shows.

    It costs what the guards read, and one statement for the log: two where more than ``events_max``.
    """
    machine = machine_of(type(instance))
    explanations = explain(instance, by=by)
    peoples = [e for e in explanations if not is_left_to_the_system(e.transition)]
    permitted = [e for e in explanations if e.availability is not Availability.FORBIDDEN]
    timeline = read_timeline(instance, limit=events_max)
    return Panel(
        state=machine.state(instance.state),
        version=instance.version,
        since=instance.state_since,
        in_state_for=describe_duration(clock.now() - instance.state_since),
        actions=tuple(_actions_of(permitted, machine, url_of)),
        checklists=tuple(_checklist_of(e) for e in permitted if e.availability is Availability.BLOCKED),
        theirs=tuple(
            Remark(str(e.transition.label), e.failed[0].message)
            for e in peoples
            if e.availability is Availability.FORBIDDEN
        ),
        systems=tuple(_remark_on(e.transition, instance) for e in explanations if e not in peoples),
        # Safe: the drawing escapes every text it takes from the machine.
        diagram=mark_safe(_draw(machine, instance, peoples, timeline.way)),  # noqa: S308
        timeline=timeline,
    )


def is_left_to_the_system(transition: Transition) -> bool:
    """Return whether no person may ever run it."""
    return transition.permission is None and not transition.owner


def asked_arguments(explanation: Explanation) -> tuple[Argument, ...]:
    """Return the arguments to ask for now: consents only where a check that fails names them."""
    lifting = {check.lifted_by for check in explanation.failed}
    return tuple(
        argument
        for argument in explanation.transition.arguments
        if argument.name in lifting or not is_consent(argument)
    )


def _actions_of(
    explanations: Sequence[Explanation], machine: Machine, url_of: Callable[[str], str]
) -> Iterator[Action]:
    """Yield the buttons: the primary first, the dangerous last, else as declared."""
    ranks = {Look.PRIMARY: 0, Look.PLAIN: 1, Look.BLOCKED: 1, Look.DANGER: 2}
    actions = [_action_of(e, machine, url_of(e.transition.name)) for e in explanations]
    yield from sorted(actions, key=lambda action: ranks[action.look])


def _action_of(explanation: Explanation, machine: Machine, url: str) -> Action:
    transition = explanation.transition
    asks = bool(asked_arguments(explanation)) or transition.is_dangerous
    look = _look_of(explanation)
    text = str(transition.label)
    if asks and look is not Look.BLOCKED:
        text += "…"
    elif explanation.target != explanation.source:
        text += f" → {machine.state(explanation.target).label}"
    return Action(transition.name, text, transition.description, url, look, asks)


def _look_of(explanation: Explanation) -> Look:
    if explanation.availability is Availability.BLOCKED and not explanation.can_be_lifted:
        return Look.BLOCKED
    if explanation.transition.is_dangerous:
        return Look.DANGER
    is_next = explanation.transition.is_primary and explanation.availability is Availability.AVAILABLE
    return Look.PRIMARY if is_next else Look.PLAIN


def _checklist_of(explanation: Explanation) -> Checklist:
    transition = explanation.transition
    return Checklist(transition.name, str(transition.label), explanation.checks, explanation.can_be_lifted)


def _remark_on(transition: Transition, instance: WorkflowModel) -> Remark:
    """Say what the system waits for."""
    attempt = Attempt(
        transition=transition.name,
        by=SystemActor(transition.system[0] if transition.system else "system"),
        now=clock.now(),
        channel=current_acting().channel,
        request_id="",
        arguments={a.name: a.default for a in transition.arguments if not a.is_required},
    )
    failed = [check for check in check_guards(transition.guards, instance, attempt) if not check.holds]
    if failed:
        return Remark(str(transition.label), " ".join(check.message for check in failed))
    return Remark(str(transition.label), _("due now") if transition.is_timer and transition.guards else "")


def _draw(machine: Machine, instance: WorkflowModel, explanations: Sequence[Explanation], way: Way) -> str:
    """Draw where it stands; what is left to the system is neither offered nor refused to the reader."""
    names = {
        availability: frozenset(e.transition.name for e in explanations if e.availability is availability)
        for availability in Availability
    }
    progress = Progress(
        current=instance.state,
        entered=way.entered,
        taken=way.taken,
        available=names[Availability.AVAILABLE],
        blocked={
            e.transition.name: frozenset(check.label for check in e.failed)
            for e in explanations
            if e.availability is Availability.BLOCKED
        },
        forbidden=names[Availability.FORBIDDEN],
    )
    return draw_svg(machine, progress=progress, standalone=False)
