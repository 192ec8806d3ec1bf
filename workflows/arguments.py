"""The arguments of a call: checked before anything is locked, since the log keeps them for ever."""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.db import models

from workflows.errors import InvalidArguments
from workflows.machine import Argument
from workflows.registry import machine_of

if TYPE_CHECKING:
    from workflows.declaration import Declaration
    from workflows.models import WorkflowModel

__all__ = ["check_arguments", "signature_of"]


@functools.cache
def signature_of(body: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of a body: read once, asked for at every call."""
    return inspect.signature(body)


def check_arguments(
    model: type[WorkflowModel], declaration: Declaration, given: Mapping[str, Any], *, of: str
) -> None:
    """Check what a transition is called with against the signature and the types of its body.

    ``of`` says in an error whose transition it is.

    Raises: InvalidArguments when one is unknown or missing, is no member of its choices, is not of its type,
    or is an empty text where one is required.
    """
    try:
        signature_of(declaration.body).bind(None, by=None, **given)
    except TypeError as error:
        raise InvalidArguments(f"Cannot {declaration.name} {of}: {error}.") from error
    for argument in machine_of(model).transition(declaration.name).arguments:
        if argument.name in given and (fault := _fault_of(argument, given[argument.name])):
            raise InvalidArguments(f"Cannot {declaration.name} {of}: '{argument.name}' {fault}.")


def _fault_of(argument: Argument, value: Any) -> str:
    """Return what is wrong with a value, "" when nothing is."""
    kind = argument.annotation
    if value is None and not argument.is_required:
        return ""
    if not isinstance(kind, type):
        return ""
    if issubclass(kind, enum.Enum):
        return _fault_of_choice(kind, value)
    if issubclass(kind, bool | str | models.Model) and not isinstance(value, kind):
        return f"must be a {kind.__name__}, not {value!r}"
    if kind is str and argument.is_required and not value.strip():
        return "must not be empty"
    return ""


def _fault_of_choice(kind: type[enum.Enum], value: Any) -> str:
    try:
        kind(value)
    except ValueError:
        return f"must be one of {', '.join(str(member.value) for member in kind)}, not {value!r}"
    return ""
