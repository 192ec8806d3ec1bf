"""How a transition runs: whole, or not at all.

1. Open an atomic block; lock the row (its parents first) and read it afresh.
2. Compare with the state that the caller saw.
3. Check the source state, the permission of the actor and every guard; refuse with all reasons.
4. Run the body through django-fsm.
5. Bump ``version``, save what changed, write the log.
6. Commit.  On any error everything is rolled back, the objects in memory too.

A deadlock or a serialization failure is tried again from the start, as long as nobody else's transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from workflows import audit, clock, locking, refusals
from workflows.actors import Actor, acting, current_acting
from workflows.arguments import check_arguments
from workflows.attempt import Attempt
from workflows.conflicts import retrying
from workflows.declaration import Declaration
from workflows.errors import ReentrantTransition
from workflows.memory import Memory, changed_fields, field_values
from workflows.models import WorkflowModel
from workflows.registry import state_field_of

__all__ = ["Call", "afterwards", "current_event", "is_running", "log_current", "run"]


@dataclass(frozen=True, slots=True)
class Call:
    """What the caller asked for.

    ``expect`` and ``expect_version`` are the state and the version that the caller saw; None: any.
    """

    declaration: Declaration
    by: Actor
    arguments: Mapping[str, Any]
    expect: str | None = None
    expect_version: int | None = None


@dataclass(slots=True)
class Run:
    """A transition while it runs; ``kept`` remembers every object it touched, for when it fails."""

    instance: WorkflowModel
    call: Call
    kept: list[Memory] = field(default_factory=list)
    attempt: Attempt | None = None
    source: str = ""
    follow_ups: list[Callable[[], object]] = field(default_factory=list)

    def is_of(self, instance: WorkflowModel) -> bool:
        """Return whether it runs on this object, in this copy or another."""
        return self.instance.machine_label() == instance.machine_label() and self.instance.pk == instance.pk

    @property
    def sequence(self) -> int:
        """Return the number that its event will have."""
        return self.instance.version + 1


_runs: ContextVar[tuple[Run, ...]] = ContextVar("workflows_runs", default=())
_keeper: ContextVar[Run | None] = ContextVar("workflows_keeper", default=None)


def run(instance: WorkflowModel, call: Call) -> Any:
    """Run a transition whole; return what its body returns.  The object then holds what the database holds.

    Unsaved changes of the object are dropped: it acts on what was read under the lock.

    Raises: TransitionRefused (see ``workflows.errors``) when it may not run: nothing has changed.
    ReentrantTransition when a transition of this object is running.  InvalidArguments when they do not fit.
    """
    for running in _runs.get():
        if running.is_of(instance):
            raise ReentrantTransition(
                f"Cannot run '{call.declaration.name}' on {instance!r} while its "
                f"'{running.call.declaration.name}' is running."
            )
    check_arguments(instance, call.declaration, call.arguments)
    return retrying(lambda: _run_once(instance, call))


def is_running(instance: models.Model, name: str) -> bool:
    """Return whether this transition is running on this very object."""
    runs = _runs.get()
    return bool(runs) and runs[-1].instance is instance and runs[-1].call.declaration.name == name


def current_event(of: WorkflowModel) -> str:
    """Return the key of what is happening to an object: ``leads.lead:17:2`` (machine, object, number).

    It tells one verification from every other: whoever must act on it once keeps it under a unique constraint.

    Raises: LookupError when none of its transitions is running.
    """
    for running in _runs.get():
        if running.is_of(of):
            return f"{of.machine_label()}:{of.pk}:{running.sequence}"
    raise LookupError(f"No transition of {of!r} is running.")


def afterwards(follow_up: Callable[[], object]) -> None:
    """Run something when the object's new state is saved, still inside the transaction.

    For a body whose consequence looks at the state it leads to, such as offering a place that it has set free.

    Raises: LookupError when no transition is running.
    """
    runs = _runs.get()
    if not runs:
        raise LookupError("No transition is running.")
    runs[-1].follow_ups.append(follow_up)


def log_current(target: str) -> None:
    """Log the running transition; called when django-fsm announces that it has run."""
    running = _runs.get()[-1]
    attempt = running.attempt
    assert attempt is not None
    with audit.collecting() as buffer:
        buffer.add(
            [
                audit.Entry(
                    instance=running.instance,
                    sequence=running.sequence,
                    transition=attempt.transition,
                    source=running.source,
                    target=target,
                    at=attempt.now,
                    actor=attempt.by,
                    channel=attempt.channel,
                    request_id=attempt.request_id,
                    reason=str(attempt.arguments.get("reason") or ""),
                    arguments=audit.encode_arguments(running.call.arguments),
                    time_in_previous_state=max(attempt.now - running.instance.state_since, audit.NO_TIME),
                )
            ]
        )


def _run_once(instance: WorkflowModel, call: Call) -> Any:
    running = Run(instance, call, kept=[Memory.of(instance)])
    enclosing = _keeper.get()
    token = _keeper.set(running)
    try:
        with transaction.atomic(), audit.collecting():
            result = _perform(running)
    except BaseException:
        for kept in reversed(running.kept):
            kept.restore()
        raise
    finally:
        _keeper.reset(token)
    if enclosing is not None:
        enclosing.kept.extend(running.kept)
    return result


def _perform(running: Run) -> Any:
    instance, call = running.instance, running.call
    now = locking.lock_and_read(
        instance, parents=[r.instance for r in _runs.get()], call=call.declaration.name
    )
    circumstances = current_acting()
    with (
        clock.at(clock.fixed() or now),
        acting(by=call.by, channel=circumstances.channel, request_id=circumstances.request_id) as inside,
    ):
        running.source = instance.state
        running.attempt = Attempt(
            transition=call.declaration.name,
            by=call.by,
            now=clock.now(),
            channel=inside.channel,
            request_id=inside.request_id,
            arguments=refusals.with_defaults(call.declaration, call.arguments),
        )
        refusals.refuse_stale(instance, call)
        refusals.refuse_unless_permitted(instance, call.declaration, running.attempt)
        result = _change(running)
        for follow_up in running.follow_ups:
            follow_up()
        return result


def _change(running: Run) -> Any:
    """Run the body and save; the state, the version and the log move together."""
    instance, call = running.instance, running.call
    state_field = state_field_of(type(instance))
    before = field_values(instance)
    token = _runs.set((*_runs.get(), running))
    try:
        result = state_field.change_state(instance, call.declaration.body, by=call.by, **call.arguments)
        instance.version += 1
        if instance.state != running.source:
            instance.state_since = clock.now()
        names = {*changed_fields(instance, before), *_automatic_fields(instance)}
        models.Model.save(instance, update_fields=names)
    finally:
        _runs.reset(token)
    return result


def _automatic_fields(instance: WorkflowModel) -> list[str]:
    """Return the names of the fields that Django fills in at every save."""
    return [f.attname for f in instance._meta.concrete_fields if getattr(f, "auto_now", False)]
