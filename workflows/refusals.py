"""Why a transition may not run: the checks of the engine, in order, each with its own error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from workflows.arguments import signature_of
from workflows.errors import (
    StaleState,
    TransitionBlocked,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRefused,
)
from workflows.guards import Check, check_guards_together
from workflows.registry import machine_of, permission_names

if TYPE_CHECKING:
    from workflows.attempt import Attempt
    from workflows.declaration import Declaration
    from workflows.engine import Call
    from workflows.models import WorkflowModel

__all__ = [
    "find_refusals",
    "forbidden_check",
    "refuse_stale",
    "refuse_unless_permitted",
    "who_may",
    "with_defaults",
]


def with_defaults(declaration: Declaration, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments completed by the defaults of the body's signature; one without default stays open."""
    parameters = signature_of(declaration.body).parameters.values()
    defaults = {
        p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
    }
    return {**defaults, **arguments}


def refuse_stale(instance: WorkflowModel, call: Call) -> None:
    """Raise: StaleState when the object is not in the state, or not at the version, that the caller saw."""
    seen, state = call.expect, instance.state
    if seen is not None and str(seen) != state:
        message = _("Now %(now)s; was %(seen)s when you opened the page.") % {
            "now": _label(instance, state),
            "seen": _label(instance, str(seen)),
        }
    elif call.expect_version is not None and call.expect_version != instance.version:
        message = _("Something happened to it since you opened the page; it is %(now)s.") % {
            "now": _label(instance, state)
        }
    else:
        return
    raise StaleState(message, instance=instance, transition=call.declaration.name, state=state)


def refuse_unless_permitted(instance: WorkflowModel, declaration: Declaration, attempt: Attempt) -> None:
    """Refuse a transition that may not run now.

    Raises: TransitionNotPossible when the state has no such transition; TransitionForbidden when the actor may
    not; TransitionBlocked, with all reasons, when guards do not hold.
    """
    for refusal in find_refusals([instance], declaration, attempt).values():
        raise refusal


def find_refusals(
    instances: Sequence[WorkflowModel], declaration: Declaration, attempt: Attempt
) -> dict[int, TransitionRefused]:
    """Return why those objects may not run a transition now that may not, by their keys."""
    refused = {
        instance.pk: refusal
        for instance in instances
        if (refusal := _refuse_outright(instance, declaration, attempt)) is not None
    }
    left = [instance for instance in instances if instance.pk not in refused]
    checked = check_guards_together(declaration.guards, left, attempt) if left else []
    for instance, checks in zip(left, checked, strict=True):
        if failed := [check for check in checks if not check.holds]:
            refused[instance.pk] = _blocked(instance, declaration, failed)
    return refused


def _refuse_outright(
    instance: WorkflowModel, declaration: Declaration, attempt: Attempt
) -> TransitionRefused | None:
    """Return why the state or the actor rules it out, before any guard is asked."""
    if instance.state not in declaration.sources:
        return _impossible(instance, declaration)
    if declaration.allows(instance, attempt.by):
        return None
    check = forbidden_check(declaration)
    return TransitionForbidden(
        f"Cannot {declaration.name} {instance!r} as {attempt.by}: {check.message}",
        instance=instance,
        transition=declaration.name,
        state=instance.state,
        reasons=[check],
    )


def _blocked(instance: WorkflowModel, declaration: Declaration, failed: Sequence[Check]) -> TransitionBlocked:
    return TransitionBlocked(
        f"Cannot {declaration.name} {instance!r}: " + " ".join(check.message for check in failed),
        instance=instance,
        transition=declaration.name,
        state=instance.state,
        reasons=failed,
    )


def forbidden_check(declaration: Declaration) -> Check:
    """Return what to tell an actor who may not: whose transition it is."""
    message = _("This is for %(who)s.") % {"who": who_may(declaration)}
    return Check("forbidden", str(_("You may do this")), holds=False, message=message)


def who_may(declaration: Declaration) -> str:
    """Return in words who may run a transition."""
    names, permission = permission_names(), declaration.permission
    people = [_("staff with the permission “%s”") % names.get(permission, permission)] if permission else []
    people += [str(declaration.owner.description)] if declaration.owner else []
    return _(" or ").join(people) or _("the system (%s)") % ", ".join(declaration.system)


def _impossible(instance: WorkflowModel, declaration: Declaration) -> TransitionNotPossible:
    onward = [t.name for t in machine_of(type(instance)).transitions_from(instance.state)]
    return TransitionNotPossible(
        f"Cannot {declaration.name} a {instance._meta.verbose_name} that is '{instance.state}'; "
        f"possible from there: {', '.join(onward) or 'none'}.",
        instance=instance,
        transition=declaration.name,
        state=instance.state,
    )


def _label(instance: WorkflowModel, state: str) -> str:
    labels = {known.value: known.label for known in machine_of(type(instance)).states}
    return labels.get(state, state)
