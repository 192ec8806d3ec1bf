"""System checks of every machine: what a typo or a forgotten edge would otherwise do silently.

| id | what is wrong |
| --- | --- |
| workflows.E001 | a name that is not a state |
| workflows.E002 | a state that cannot be reached from the initial one |
| workflows.E003 | an open state from which no closed state can be reached |
| workflows.E004 | an edge declared twice, or two buttons with one label in one state |
| workflows.E005 | a transition that nobody may run |
| workflows.E006 | a permission that no model declares |
| workflows.E007 | a body without the keyword parameter ``by``, or one that would not run when called |
| workflows.E008 | a guard that needs an argument which the body does not take |
| workflows.E009 | a happy path with a gap |
| workflows.E010 | a state field that is not protected, or not exactly one state field |
| workflows.E011 | django-fsm-log writes past the engine |
| workflows.E012 | a model that inherits its table from another (multi-table inheritance) |
| workflows.E013 | a table or key that is not named as Django names it: the log's triggers would not find it |
| workflows.E014 | a body for many that is missing, or takes other arguments than the body for one |
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from workflows.declaration import Declaration
from workflows.errors import DefinitionError
from workflows.machine import Machine
from workflows.models import WorkflowModel
from workflows.registry import (
    declarations_of,
    list_workflow_models,
    machine_of,
    permission_names,
    state_field_of,
)

__all__ = ["check_machine", "check_machines", "check_storage"]

LOG_BACKEND = "workflows.log_backend.WorkflowLogBackend"


@checks.register(checks.Tags.models)
def check_machines(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Check the machine of every installed model, or of those of the given apps."""
    labels = None if app_configs is None else {config.label for config in app_configs}
    models = (m for m in list_workflow_models() if labels is None or m._meta.app_label in labels)
    return [message for model in models for message in check_machine(model)]


@checks.register()
def check_storage(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Check that django-fsm-log hands transitions to the engine's log."""
    if getattr(settings, "DJANGO_FSM_LOG_STORAGE_METHOD", None) == LOG_BACKEND:
        return []
    hint = f'Set DJANGO_FSM_LOG_STORAGE_METHOD = "{LOG_BACKEND}".'
    return [checks.Error("django-fsm-log writes past the engine.", hint=hint, id="workflows.E011")]


def check_machine(model: type[WorkflowModel]) -> list[checks.CheckMessage]:
    """Return what is wrong with the machine of one model; nothing when it is sound."""
    try:
        field, machine = state_field_of(model), machine_of(model)
    except DefinitionError as error:
        return [_error("E010", str(error), "Declare one FSMField(protected=True).", model)]
    found = [
        *_check_names(model, machine),
        *_check_reachability(machine),
        *_check_edges(machine),
        *_check_spine(machine),
    ]
    for declaration in declarations_of(model).values():
        found += [*_check_permission(declaration), *_check_body(declaration)]
        found += _check_body_for_many(model, declaration)
    if model._meta.parents:
        found.append(
            ("E012", "its table is split over its parents.", "Inherit from an abstract model instead.")
        )
    expected = machine.label.replace(".", "_")
    if model._meta.db_table != expected or model._meta.pk.column != "id":
        text = f"the log looks for it in the table '{expected}' by the key 'id'."
        found.append(("E013", text, "Leave out db_table, and let Django make the key."))
    if not field.protected:
        found.append(
            ("E010", f"The field '{field.name}' is not protected.", "Declare it with protected=True.")
        )
    return [_error(id_, f"{model._meta.label}: {text}", hint, model) for id_, text, hint in found]


Finding = tuple[str, str, str]


def _error(id_: str, text: str, hint: str, model: type[WorkflowModel]) -> checks.Error:
    return checks.Error(text, hint=hint, obj=model, id=f"workflows.{id_}")


def _check_names(model: type[WorkflowModel], machine: Machine) -> Iterator[Finding]:
    known = {state.value for state in machine.states}
    hint = f"Known states: {', '.join(state.value for state in machine.states)}."
    named = [
        ("the field's default", machine.initial),
        *(("the happy path", value) for value in machine.spine),
    ]
    for transition in machine.transitions:
        named += [(f"the source of '{transition.name}'", value) for value in transition.sources]
        if transition.target is not None:
            named.append((f"the target of '{transition.name}'", transition.target))
    named += [("Workflow.closed", str(value)) for value in model.Workflow.closed]
    named += [("Workflow.tones", str(value)) for value in model.Workflow.tones]
    for where, value in named:
        if value not in known:
            yield "E001", f"{where} names '{value}', which is not a state.", hint


def _check_reachability(machine: Machine) -> Iterator[Finding]:
    edges = [(edge.source, edge.target) for edge in machine.edges()]
    reached = _closure({machine.initial}, edges)
    closed = {state.value for state in machine.states if not state.is_open}
    ending = _closure(closed, [(target, source) for source, target in edges])
    for state in machine.states:
        if state.value not in reached:
            hint = "Add a transition that leads to it, or delete the state."
            yield "E002", f"the state '{state.value}' cannot be reached from '{machine.initial}'.", hint
        if closed and state.value not in ending:
            hint = f"Add a transition that leads on, or name it in Workflow.closed (now: {', '.join(sorted(closed))})."
            yield "E003", f"from the state '{state.value}' there is no way to a closed state.", hint
    if not closed:
        yield (
            "E003",
            f"no state is closed: '{machine.initial}' leads nowhere for good.",
            "Name Workflow.closed.",
        )


def _closure(start: set[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    reached, arrows = set(start), list(edges)
    while True:
        new = {target for source, target in arrows if source in reached} - reached
        if not new:
            return reached
        reached |= new


def _check_edges(machine: Machine) -> Iterator[Finding]:
    for transition in machine.transitions:
        for source, count in Counter(transition.sources).items():
            if count > 1:
                yield (
                    "E004",
                    f"'{transition.name}' names its source '{source}' {count} times.",
                    "Name it once.",
                )
    buttons = Counter((edge.source, edge.transition.label) for edge in machine.edges())
    for (source, label), count in sorted(buttons.items()):
        names = [t.name for t in machine.transitions if t.label == label and source in t.sources]
        if count > 1 and len(names) > 1:
            text = f"in the state '{source}' the transitions {', '.join(names)} are all called “{label}”."
            yield "E004", text, "Give each its own label."


def _check_spine(machine: Machine) -> Iterator[Finding]:
    edges = {(edge.source, edge.target) for edge in machine.edges()}
    if machine.spine[0] != machine.initial:
        text = f"the happy path starts at '{machine.spine[0]}', not at the initial state '{machine.initial}'."
        yield "E009", text, "Start Workflow.spine at the field's default."
    for source, target in zip(machine.spine, machine.spine[1:], strict=False):
        if (source, target) not in edges:
            text = f"the happy path goes from '{source}' to '{target}', where no transition leads."
            yield "E009", text, "Declare that transition or mend Workflow.spine."


def _check_permission(declaration: Declaration) -> Iterator[Finding]:
    if not (declaration.permission or declaration.owner or declaration.system):
        text = f"nobody may run '{declaration.name}' (from '{declaration.sources[0]}')."
        yield "E005", text, "Give it permission=, owner= or system=."
    if declaration.permission and declaration.permission not in permission_names():
        text = f"'{declaration.name}' asks for the permission '{declaration.permission}', which no model declares."
        yield "E006", text, "Add it to Meta.permissions of the model."


def _check_body(declaration: Declaration) -> Iterator[Finding]:
    parameters = inspect.signature(declaration.body).parameters
    by = parameters.get("by")
    if by is None or by.kind is not by.KEYWORD_ONLY:
        text = f"the body of '{declaration.name}' (from '{declaration.sources[0]}') does not take the actor."
        yield "E007", text, f"Declare it as `def {declaration.name}(self, *, by: Actor, …)`."
    if inspect.iscoroutinefunction(declaration.body) or inspect.isgeneratorfunction(declaration.body):
        text = f"the body of '{declaration.name}' (from '{declaration.sources[0]}') would never run."
        yield "E007", text, "Make it a plain function: no async, no yield."
    for guard in declaration.guards:
        for name in guard.needs:
            if name not in parameters:
                text = f"the guard '{guard.code}' of '{declaration.name}' needs the argument '{name}'."
                yield "E008", text, "Add the argument to the body, or mend the guard's needs=."


def _check_body_for_many(model: type[WorkflowModel], declaration: Declaration) -> Iterator[Finding]:
    if not declaration.together:
        return
    body = getattr(model, declaration.together, None)
    if not inspect.ismethod(body):
        text = f"'{declaration.name}' names '{declaration.together}', which is no class method."
        yield (
            "E014",
            text,
            f"Declare it as `@classmethod def {declaration.together}(cls, instances, *, by, …)`.",
        )
    elif _options_of(body) != _options_of(declaration.body):
        text = f"'{declaration.together}' takes other arguments than '{declaration.name}'."
        yield "E014", text, "Give both the same keyword-only parameters, with the same defaults."


def _options_of(body: Callable[..., object]) -> dict[str, object]:
    parameters = inspect.signature(body).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    }
