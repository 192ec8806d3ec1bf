"""The mixin that offers, on the list of a workflow model, each transition for many objects at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.bulk.machines import list_bulk_transitions
from backend.bulk.rights import START
from backend.bulk.services.planning import OBJECTS_MAX, SelectionTooLarge, plan_run
from workflows import WorkflowModel, machine_of
from workflows.admin.lists.change_list import ListChangeList
from workflows.admin.lists.chips import list_chips
from workflows.machine import Transition

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["BulkActions"]

_WORDS_MAX = 500
_URL_MAX = 2_000


class BulkActions(ModelAdmin):
    """Admin whose list offers transitions for many; goes before ``WorkflowAdmin``.

    An action changes nothing: it fixes the objects and leads to the page that shows what would become of each.
    """

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add an action for each transition that the user may run on many objects."""
        actions: dict[str, Any] = super().get_actions(request)
        if not request.user.has_perm(START):
            return actions
        for transition in list_bulk_transitions(
            machine_of(cast(type[WorkflowModel], self.model)), user=request.user
        ):
            name = f"bulk_{transition.name}"
            label = _("%(transition)s… (preview first)") % {"transition": transition.label}
            actions[name] = (_action_of(transition), name, label)
        return actions


def _action_of(transition: Transition) -> Callable[..., HttpResponse | None]:
    def plan(model_admin: BulkActions, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        try:
            run = plan_run(
                queryset,
                transition.name,
                starter=request.user,
                selection=_describe_selection(model_admin, request)[:_WORDS_MAX],
                selection_url=request.get_full_path()[:_URL_MAX],
            )
        except SelectionTooLarge as refused:
            text = _("%(count)s are too many at once: narrow the list down to %(most)s.")
            values = {"count": f"{refused.count:,}", "most": f"{OBJECTS_MAX:,}"}
            model_admin.message_user(request, text % values, messages.ERROR)
            return None
        return HttpResponseRedirect(reverse("admin:bulk_bulkrun_change", args=[run.pk]))

    return plan


def _describe_selection(model_admin: BulkActions, request: HttpRequest) -> str:
    """Return in words how the objects were chosen: ticked, or all that match what the list was narrowed by."""
    if request.POST.get("select_across") != "1":
        count = len(request.POST.getlist("_selected_action"))
        return ngettext("%d selected on the list", "%d selected on the list", count) % count
    changelist = cast(ListChangeList, model_admin.get_changelist_instance(request))
    machine = machine_of(cast(type[WorkflowModel], model_admin.model))
    states = [str(state.label) for state in machine.states if state.value in changelist.asked_states]
    parts = [_("State: %s") % ", ".join(states)] if states else []
    parts += [chip.text for chip in list_chips(changelist).all]
    return _("All that match %s") % "; ".join(parts) if parts else _("All on the list")
