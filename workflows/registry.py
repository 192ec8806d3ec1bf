"""From model classes to machines: what is declared becomes frozen values, once."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from django.apps import apps
from django_fsm import FSMFieldMixin

from workflows.declaration import Declaration, Label
from workflows.errors import DefinitionError
from workflows.machine import Argument, Machine, State, Tone, Transition

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = [
    "declarations_of",
    "list_machines",
    "list_workflow_models",
    "machine_of",
    "permission_names",
    "state_field_of",
]


def list_workflow_models() -> tuple[type[WorkflowModel], ...]:
    """Return every installed model that has a machine, by label."""
    from workflows.models import WorkflowModel

    models = (
        model for model in apps.get_models() if issubclass(model, WorkflowModel) and not model._meta.proxy
    )
    return tuple(sorted(models, key=lambda model: model._meta.label_lower))


def list_machines() -> tuple[Machine, ...]:
    """Return the machine of every installed model, by name."""
    return tuple(sorted((machine_of(model) for model in list_workflow_models()), key=lambda m: m.name))


@functools.cache
def permission_names() -> dict[str, str]:
    """Return the name of every permission that a model declares, by ``app_label.codename``."""
    names: dict[str, str] = {}
    for model in apps.get_models():
        options = model._meta
        defaults = [(f"{action}_{options.model_name}", action) for action in options.default_permissions]
        for codename, name in (*defaults, *options.permissions):
            names[f"{options.app_label}.{codename}"] = str(name)
    return names


@functools.cache
def state_field_of(model: type[WorkflowModel]) -> FSMFieldMixin:
    """Return the one state field.  Raises: DefinitionError when the model has none, or more than one."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, FSMFieldMixin)]
    if len(fields) != 1:
        raise DefinitionError(f"{model._meta.label} needs exactly one FSMField; it has {len(fields)}.")
    field: FSMFieldMixin = fields[0]
    return field


@functools.cache
def declarations_of(model: type[WorkflowModel]) -> dict[str, Declaration]:
    """Return the model's transitions by name, in the order in which they are declared."""
    found: dict[str, Declaration] = {}
    for parent in reversed(model.__mro__):
        for value in vars(parent).values():
            declaration = getattr(value, "declaration", None)
            if isinstance(declaration, Declaration):
                found[declaration.name] = declaration
    return found


@functools.cache
def machine_of(model: type[WorkflowModel]) -> Machine:
    """Return the machine of a model class.

    Raises: DefinitionError when the model has not exactly one FSMField.
    """
    field = state_field_of(model)
    transitions = tuple(_transition_of(declaration) for declaration in declarations_of(model).values())
    return Machine(
        label=model._meta.label_lower,
        name=model._meta.model_name or "",
        title=str(model._meta.verbose_name).capitalize(),
        field=field.name,
        initial=str(field.get_default()),
        states=tuple(_states_of(model, field, transitions)),
        spine=_spine_of(model, field, transitions),
        transitions=transitions,
    )


def _states_of(
    model: type[WorkflowModel], field: FSMFieldMixin, transitions: tuple[Transition, ...]
) -> Iterator[State]:
    tones: dict[str, Tone] = {str(value): tone for value, tone in model.Workflow.tones.items()}
    left = {source for transition in transitions for source in transition.sources}
    values = [str(value) for value, _label in field.flatchoices]
    declared = tuple(str(value) for value in model.Workflow.closed)
    closed = declared or tuple(value for value in values if value not in left)
    for value, label in field.flatchoices:
        tone = tones.get(str(value), Tone.MUTED if value in closed else Tone.NEUTRAL)
        yield State(value=str(value), label=str(label), is_open=str(value) not in closed, tone=tone)


def _spine_of(
    model: type[WorkflowModel], field: FSMFieldMixin, transitions: tuple[Transition, ...]
) -> tuple[str, ...]:
    """Return the declared happy path; else follow, from the initial state, the first harmless way to a new one."""
    if model.Workflow.spine:
        return tuple(str(value) for value in model.Workflow.spine)
    spine = [str(field.get_default())]
    while True:
        onward = [
            t.target
            for t in transitions
            if spine[-1] in t.sources
            and t.target is not None
            and t.target not in spine
            and not t.is_dangerous
        ]
        if not onward:
            return tuple(spine)
        spine.append(onward[0])


def _transition_of(declaration: Declaration) -> Transition:
    return Transition(
        name=declaration.name,
        label=str(declaration.label),
        sources=declaration.sources,
        target=declaration.target,
        description=(inspect.getdoc(declaration.body) or "").partition("\n\n")[0].replace("\n", " "),
        guards=declaration.guards,
        permission=declaration.permission,
        owner=str(declaration.owner.description) if declaration.owner else "",
        system=declaration.system,
        effects=tuple(str(effect) for effect in declaration.effects),
        arguments=tuple(_arguments_of(declaration)),
        is_primary=declaration.is_primary,
        is_dangerous=declaration.is_dangerous,
        is_timer=declaration.is_timer,
    )


def _arguments_of(declaration: Declaration) -> Iterator[Argument]:
    hints = typing.get_type_hints(declaration.body, include_extras=True)
    for parameter in inspect.signature(declaration.body).parameters.values():
        if parameter.name in ("self", "by") or parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        label, annotation = _read_annotation(hints.get(parameter.name, str), parameter.name)
        yield Argument(
            name=parameter.name,
            label=str(label.text),
            annotation=annotation,
            default=parameter.default,
            is_required=parameter.default is parameter.empty,
            help_text=str(label.help_text),
        )


def _read_annotation(hint: Any, name: str) -> tuple[Label, Any]:
    """Take ``Annotated`` and ``| None`` off a hint; return its label and the bare type."""
    label = Label(name.replace("_", " ").capitalize())
    if typing.get_origin(hint) is Annotated:
        hint, *extras = typing.get_args(hint)
        label = next((extra for extra in extras if isinstance(extra, Label)), label)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    return label, hint
