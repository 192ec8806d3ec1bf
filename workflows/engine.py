"""How a transition runs: whole, or not at all.

1. Open an atomic block; lock the row (its parents first) and read it afresh.
2. Compare with the state that the caller saw.
3. Check the source state, the permission of the actor and every guard; refuse with all reasons.
4. Run the body through django-fsm.
5. Bump ``version``, save what changed, write the log.
6. Commit.  On any error everything is rolled back, the objects in memory too.

A deadlock or a serialization failure is tried again from the start, as long as nobody else's transaction is open.
Many objects run a transition together in ``workflows.together``, by the same steps.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
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

__all__ = [
    "Call",
    "Run",
    "afterwards",
    "attempting",
    "automatic_fields",
    "current_event",
    "is_running",
    "log_current",
    "refuse_reentrance",
    "run",
    "running",
    "running_instances",
    "whole",
]


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
    """A transition of one object while it runs."""

    instance: WorkflowModel
    call: Call
    attempt: Attempt | None = None
    source: str = ""
    follow_ups: list[Callable[[], object]] = field(default_factory=list)

    def is_of(self, machine: str, key: Any) -> bool:
        """Return whether it runs on this object, in whatever copy."""
        return bool(self.instance.pk == key) and self.instance.machine_label() == machine

    @property
    def sequence(self) -> int:
        """Return the number that its event will have."""
        return self.instance.version + 1

    def count(self) -> None:
        """Count it on its object, and note since when that is in the state it has come to."""
        self.instance.version += 1
        if self.instance.state != self.source:
            self.instance.state_since = clock.now()


# From the outermost call to the innermost; those that run together stand together.
_runs: ContextVar[tuple[Sequence[Run], ...]] = ContextVar("workflows_runs", default=())
# What the objects held that were touched since the innermost call began.
_kept: ContextVar[list[Memory] | None] = ContextVar("workflows_kept", default=None)


def run(instance: WorkflowModel, call: Call) -> Any:
    """Run a transition whole; return what its body returns.  The object then holds what the database holds.

    Unsaved changes of the object are dropped: it acts on what was read under the lock.

    Raises: TransitionRefused (see ``workflows.errors``) when it may not run: nothing has changed.
    ReentrantTransition when a transition of this object is running.  InvalidArguments when they do not fit.
    """
    refuse_reentrance(instance.machine_label(), instance.pk, call, of=repr(instance))
    check_arguments(type(instance), call.declaration, call.arguments, of=repr(instance))
    return retrying(lambda: _run_once(instance, call))


def refuse_reentrance(machine: str, key: Any, call: Call, *, of: str) -> None:
    """Raise: ReentrantTransition when a transition of this object is running."""
    for run_ in _all_runs():
        if run_.is_of(machine, key):
            raise ReentrantTransition(
                f"Cannot run '{call.declaration.name}' on {of} while its "
                f"'{run_.call.declaration.name}' is running."
            )


def is_running(instance: models.Model, name: str) -> bool:
    """Return whether this transition is running on this very object."""
    return any(run_.instance is instance and run_.call.declaration.name == name for run_ in _innermost())


def current_event(of: WorkflowModel) -> str:
    """Return the key of what is happening to an object: ``leads.lead:17:2`` (machine, object, number).

    It tells one verification from every other: whoever must act on it once keeps it under a unique constraint.

    Raises: LookupError when none of its transitions is running.
    """
    machine = of.machine_label()
    for run_ in _all_runs():
        if run_.is_of(machine, of.pk):
            return f"{machine}:{of.pk}:{run_.sequence}"
    raise LookupError(f"No transition of {of!r} is running.")


def afterwards(follow_up: Callable[[], object]) -> None:
    """Run something when the object's new state is saved, still inside the transaction.

    For a body whose consequence looks at the state it leads to, such as offering a place that it has set free.

    Raises: LookupError when no transition is running.
    """
    innermost = _innermost()
    if not innermost:
        raise LookupError("No transition is running.")
    innermost[-1].follow_ups.append(follow_up)


def log_current(instance: models.Model, target: str) -> None:
    """Log the running transition of an object; called when django-fsm announces that it has run."""
    run_ = next(one for one in _innermost() if one.instance is instance)
    attempt = run_.attempt
    assert attempt is not None
    with audit.collecting() as buffer:
        buffer.add(
            [
                audit.Entry(
                    instance=run_.instance,
                    sequence=run_.sequence,
                    transition=attempt.transition,
                    source=run_.source,
                    target=target,
                    at=attempt.now,
                    actor=attempt.by,
                    channel=attempt.channel,
                    request_id=attempt.request_id,
                    reason=str(attempt.arguments.get("reason") or ""),
                    arguments=audit.encode_arguments(run_.call.arguments),
                    time_in_previous_state=max(attempt.now - run_.instance.state_since, audit.NO_TIME),
                )
            ]
        )


def running_instances() -> list[WorkflowModel]:
    """Return the objects whose transitions are running: their rows are locked."""
    return [run_.instance for run_ in _all_runs()]


@contextlib.contextmanager
def whole(kept: list[Memory]) -> Iterator[None]:
    """Run what is inside in one transaction with its log; on an error put back every object that was touched.

    ``kept`` holds what those objects held before that it is known of from the start; nested transitions add theirs.
    """
    enclosing = _kept.get()
    token = _kept.set(kept)
    try:
        with transaction.atomic(), audit.collecting():
            yield
    except BaseException:
        for memory in reversed(kept):
            memory.restore()
        raise
    finally:
        _kept.reset(token)
    if enclosing is not None:
        enclosing.extend(kept)


@contextlib.contextmanager
def attempting(call: Call, now: datetime.datetime) -> Iterator[Attempt]:
    """Hold the clock and say who acts, for everything inside one attempt."""
    circumstances = current_acting()
    with (
        clock.at(clock.fixed() or now),
        acting(by=call.by, channel=circumstances.channel, request_id=circumstances.request_id) as inside,
    ):
        yield Attempt(
            transition=call.declaration.name,
            by=call.by,
            now=clock.now(),
            channel=inside.channel,
            request_id=inside.request_id,
            arguments=refusals.with_defaults(call.declaration, call.arguments),
        )


@contextlib.contextmanager
def running(runs: Sequence[Run]) -> Iterator[None]:
    """Let transitions be known to run."""
    token = _runs.set((*_runs.get(), runs))
    try:
        yield
    finally:
        _runs.reset(token)


def automatic_fields(model: type[models.Model]) -> list[str]:
    """Return the names of the fields that Django fills in at every save."""
    return [f.attname for f in model._meta.concrete_fields if getattr(f, "auto_now", False)]


def _run_once(instance: WorkflowModel, call: Call) -> Any:
    with whole([Memory.of(instance)]):
        return _perform(Run(instance, call))


def _perform(run_: Run) -> Any:
    instance, call = run_.instance, run_.call
    now = locking.lock_and_read(instance, parents=running_instances(), call=call.declaration.name)
    with attempting(call, now) as attempt:
        run_.source, run_.attempt = instance.state, attempt
        refusals.refuse_stale(instance, call)
        refusals.refuse_unless_permitted(instance, call.declaration, attempt)
        result = _change(run_)
        for follow_up in run_.follow_ups:
            follow_up()
        return result


def _change(run_: Run) -> Any:
    """Run the body and save; the state, the version and the log move together."""
    instance, call = run_.instance, run_.call
    state_field = state_field_of(type(instance))
    before = field_values(instance)
    with running([run_]):
        result = state_field.change_state(instance, call.declaration.body, by=call.by, **call.arguments)
        run_.count()
        names = {*changed_fields(instance, before), *automatic_fields(type(instance))}
        models.Model.save(instance, update_fields=names)
    return result


def _all_runs() -> Iterator[Run]:
    for together in _runs.get():
        yield from together


def _innermost() -> Sequence[Run]:
    runs = _runs.get()
    return runs[-1] if runs else ()
