"""Opening a saved view: its address as it can be opened now, and what of it is no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from backend.saved_views.models import SavedView
from workflows.admin.lists.address import VIEW_VAR
from workflows.admin.lists.change_list import ListChangeList, unread_list
from workflows.admin.lists.chips import list_chips
from workflows.registry import machine_of

__all__ = ["Opening", "describe_query", "open_view"]


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a view is to be seen; ``lost`` are those of its filters that there are no more, as they were written."""

    query: QueryDict
    lost: tuple[str, ...]


def open_view(view: SavedView, *, model_admin: ModelAdmin[Any], request: HttpRequest) -> Opening:
    """Return the address of a view, without what the list knows no more."""
    kept, lost = QueryDict(mutable=True), []
    for name, values in QueryDict(view.query).lists():
        alone = QueryDict(mutable=True)
        alone.setlist(name, values)
        if _is_known(alone, model_admin=model_admin, request=request):
            kept.setlist(name, values)
        else:
            lost.append(f"{name}={','.join(map(str, values))}")
    kept[VIEW_VAR] = str(view.pk)
    return Opening(kept, tuple(lost))


def describe_query(query: str, *, model_admin: ModelAdmin[Any], request: HttpRequest) -> tuple[str, ...]:
    """Return in words what an address shows; what makes no sense is left as it is written."""
    try:
        changelist = unread_list(model_admin, request, QueryDict(query, mutable=True))
    except (IncorrectLookupParameters, SuspiciousOperation):
        return (query,)
    labels = _state_labels(changelist)
    states = tuple(labels.get(value, value) for value in changelist.asked_states)
    chips = tuple(chip.text for chip in list_chips(changelist).all)
    order = (_("in an order of its own"),) if ORDER_VAR in changelist.params else ()
    return (*states, *chips, *order)


def _is_known(query: QueryDict, *, model_admin: ModelAdmin[Any], request: HttpRequest) -> bool:
    try:
        changelist = unread_list(model_admin, request, query)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return False
    has_states = set(changelist.asked_states) <= set(_state_labels(changelist))
    return has_states and all(chip.is_known for chip in list_chips(changelist).all)


def _state_labels(changelist: ListChangeList) -> dict[str, str]:
    """Return the states of what is listed, as they read; none where it has no machine."""
    if not changelist.state_parameter:
        return {}
    return {state.value: state.label for state in machine_of(changelist.model).states}
