"""Which transitions can be run on many objects at once, and what a run of them is given."""

from __future__ import annotations

import datetime
import decimal
import enum
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model

from workflows import Machine, WorkflowModel, machine_of
from workflows.machine import Argument, Transition

__all__ = ["bulk_arguments", "decode_arguments", "is_fit_for_bulk", "list_bulk_transitions", "workflow_model"]


def workflow_model(machine: str) -> type[WorkflowModel]:
    """Return the model of a machine by its label (``leads.lead``).  Raises: LookupError when there is none."""
    model = apps.get_model(machine)
    if not issubclass(model, WorkflowModel):
        raise LookupError(f"{machine} has no machine.")
    return model


def list_bulk_transitions(machine: Machine, *, user: Any) -> Iterator[Transition]:
    """Yield the transitions that a user may run on many objects, in declared order."""
    for transition in machine.transitions:
        if transition.permission and is_fit_for_bulk(transition) and user.has_perm(transition.permission):
            yield transition


def is_fit_for_bulk(transition: Transition) -> bool:
    """Return whether the same arguments can be meant for many objects.

    One that must be given an object (its original, an accepted offer) means another one each time.
    """
    return not any(argument.is_required and _names_object(argument) for argument in transition.arguments)


def bulk_arguments(transition: Transition) -> tuple[Argument, ...]:
    """Return the arguments that are given once for all objects."""
    return tuple(argument for argument in transition.arguments if not _names_object(argument))


def decode_arguments(model: type[WorkflowModel], name: str, encoded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call from how ``workflows.audit.encode_arguments`` wrote them."""
    known = {argument.name: argument for argument in machine_of(model).transition(name).arguments}
    return {name: _decode(known[name].annotation, value) for name, value in encoded.items() if name in known}


def _names_object(argument: Argument) -> bool:
    return isinstance(argument.annotation, type) and issubclass(argument.annotation, Model)


def _decode(kind: Any, value: Any) -> Any:
    if not isinstance(kind, type) or value is None:
        return value
    if issubclass(kind, enum.Enum | decimal.Decimal):
        return kind(value)
    if issubclass(kind, datetime.datetime | datetime.date | datetime.time):
        return kind.fromisoformat(value)
    return value
