"""What comes next with an object, read from its machine: a column of a list, without a statement."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.machine import Transition
from workflows.models import WorkflowModel
from workflows.registry import machine_of

__all__ = ["describe_next_step", "show_step"]


def describe_next_step(instance: WorkflowModel) -> SafeString:
    """Return the way on from the present state, and whom it waits for; "" where none is the wished-for one.

    That is the primary transition out of it.  What has an owner waits for the owner, although staff may do it too.
    """
    transition = _find_primary(instance)
    if transition is None:
        return SafeString("")
    if transition.owner:
        words = {"transition": transition.label, "owner": transition.owner}
        return show_step(_("%(transition)s: waits for %(owner)s") % words, is_ready=False)
    return show_step(str(transition.label), is_ready=transition.permission is not None)


def show_step(words: str, *, is_ready: bool) -> SafeString:
    """Return a step with its look; ``is_ready``: staff can take it now."""
    return format_html('<span class="wf-step {}">{}</span>', "wf-ready" if is_ready else "wf-waits", words)


def _find_primary(instance: WorkflowModel) -> Transition | None:
    transitions = machine_of(type(instance)).transitions_from(instance.state)
    return next((transition for transition in transitions if transition.is_primary), None)
