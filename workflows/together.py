"""How many objects run one transition together: each whole or not at all, with few statements for all.

The steps are those of one (``workflows.engine``), each taken for all of them: lock in the order of keys and read, find
who may not (with all reasons, which does not stop the others), run the body, save, log.  All of it is one
transaction: what fails takes back everything.  A transition takes part that declares ``together=``: a body for many
that does what the body for one would do for one after the other.  Guards are asked of all before the body runs, so
none may look at what the transition changes in another object of the set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django_fsm.signals import post_transition, pre_transition

from workflows import locking, refusals
from workflows.actors import Actor
from workflows.arguments import check_arguments
from workflows.conflicts import retrying
from workflows.engine import (
    Call,
    Run,
    attempting,
    automatic_fields,
    refuse_reentrance,
    run,
    running,
    running_instances,
    whole,
)
from workflows.errors import TransitionRefused
from workflows.memory import changed_fields, field_values
from workflows.registry import declarations_of, state_field_of
from workflows.saving import save_together

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = ["Outcomes", "bare", "has_body_for_many", "run_together"]

Outcomes = dict[int, TransitionRefused | None]
"""What became of each object, by key in ascending order: None where it has moved, else why it may not."""


def has_body_for_many(model: type[WorkflowModel], name: str) -> bool:
    """Return whether a transition declares how many objects run it together."""
    return bool(declarations_of(model)[name].together)


def run_together(
    model: type[WorkflowModel], name: str, keys: Collection[int], *, by: Actor, **arguments: Any
) -> Outcomes:
    """Run a transition on many objects in one transaction; return what became of each.

    One that has no body for many runs on one object after the other.

    Raises: ReentrantTransition when a transition of one of them is running.  InvalidArguments when the arguments do
    not fit.  Whatever the body raises: then nothing has changed for any of them.
    """
    call = Call(declarations_of(model)[name], by, arguments)
    wanted = sorted(set(keys))
    for key in wanted:
        refuse_reentrance(model.machine_label(), key, call, of=f"{model._meta.verbose_name} {key}")
    check_arguments(model, call.declaration, arguments, of=str(model._meta.verbose_name_plural))
    if not call.declaration.together:
        return retrying(lambda: _run_in_turn(model, wanted, call))
    return retrying(lambda: _run_once(model, wanted, call))


def bare(model: type[WorkflowModel], key: int) -> WorkflowModel:
    """Return an object for the engine to fill: it reads the row under the lock in any case.

    Where parents are locked first, their keys must be known before.
    """
    if model.Workflow.locks_first:
        found: WorkflowModel | None = model._base_manager.filter(pk=key).first()
        if found is not None:
            return found
    instance = model()
    instance.pk = key
    instance._state.adding = False
    return instance


def _run_in_turn(model: type[WorkflowModel], keys: Sequence[int], call: Call) -> Outcomes:
    outcomes: Outcomes = {}
    with transaction.atomic():
        for key in keys:
            try:
                run(bare(model, key), call)
                outcomes[key] = None
            except TransitionRefused as refused:
                outcomes[key] = refused
    return outcomes


def _run_once(model: type[WorkflowModel], keys: Sequence[int], call: Call) -> Outcomes:
    with whole([]):
        refused = _perform(model, keys, call)
    return {key: refused.get(key) for key in keys}


def _perform(model: type[WorkflowModel], keys: Sequence[int], call: Call) -> dict[int, TransitionRefused]:
    locked = locking.lock_and_read_many(model, keys, parents=running_instances(), call=call.declaration.name)
    with attempting(call, locked.now) as attempt:
        refused = locked.refused | refusals.find_refusals(locked.instances, call.declaration, attempt)
        runs = [
            Run(instance, call, attempt=attempt, source=instance.state)
            for instance in locked.instances
            if instance.pk not in refused
        ]
        if runs:
            _change(model, runs, call)
        for each in runs:
            for follow_up in each.follow_ups:
                follow_up()
    return refused


def _change(model: type[WorkflowModel], runs: Sequence[Run], call: Call) -> None:
    """Run the body and save; the states, the versions and the log move together."""
    instances = [each.instance for each in runs]
    before = [field_values(instance) for instance in instances]
    body: Callable[..., object] = getattr(model, call.declaration.together)
    with running(runs):
        for each in runs:
            _announce(pre_transition, each)
        body(instances, by=call.by, **call.arguments)
        for each in runs:
            state_field_of(model).set_state(each.instance, _target_of(each))
            _announce(post_transition, each)
        for each in runs:
            each.count()
        names = {
            name
            for instance, values in zip(instances, before, strict=True)
            for name in changed_fields(instance, values)
        }
        save_together(instances, {*names, *automatic_fields(model)})


def _target_of(run_: Run) -> str:
    return run_.call.declaration.target or run_.source


def _announce(signal: Any, run_: Run) -> None:
    """Send a signal of django-fsm, as it does for one object."""
    signal.send(
        sender=type(run_.instance),
        instance=run_.instance,
        name=run_.call.declaration.name,
        field=state_field_of(type(run_.instance)),
        source=run_.source,
        target=_target_of(run_),
        method_args=(),
        method_kwargs={"by": run_.call.by, **run_.call.arguments},
    )
