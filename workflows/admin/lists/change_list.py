"""Django's change list, which also knows what it would show in any state, and can be asked without being read."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import cached_property

from workflows.admin.lists.address import POSITION_VAR, VIEW_VAR, or_everything, remember
from workflows.models import WorkflowModel
from workflows.registry import state_field_of

if TYPE_CHECKING:
    DjangosChangeList = ChangeList
else:
    DjangosChangeList = object  # what the skin makes of it is mixed in below

__all__ = ["ListChangeList", "list_class", "unread_list"]

_IS_UNREAD = "_list_is_not_to_be_read"


class ListChangeList(DjangosChangeList):
    """A change list; ``asked_states`` are the states it is narrowed to, ``in_any_state`` what it lists without them.

    The state is narrowed last, by ``STATE__exact`` in the address, so that the tabs count within all other filters.
    """

    asked_states: tuple[str, ...] = ()
    in_any_state: QuerySet[Any]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.preserved_filters = remember(request.GET)

    @property
    def state_parameter(self) -> str:
        """Return the parameter of the state in the address; "" for a model without a machine."""
        is_workflow = issubclass(self.model, WorkflowModel)
        return f"{state_field_of(self.model).name}__exact" if is_workflow else ""

    @cached_property
    def counts_by_state(self) -> dict[str, int]:
        """Return how many of what is listed in any state are in each: one statement, for tabs and pages alike."""
        count = Count("pk", distinct=self.in_any_state.query.distinct)
        rows = self.in_any_state.order_by().values_list(state_field_of(self.model).name)
        return dict(rows.annotate(count=count))

    def get_filters_params(self, params: Any = None) -> Any:
        """Return the parameters that narrow: not which saved view they come from, nor where one was in the list."""
        narrowing = super().get_filters_params(params)
        return {name: value for name, value in narrowing.items() if name not in (VIEW_VAR, POSITION_VAR)}

    def get_filters(self, request: HttpRequest) -> Any:
        """Return the filters, without the state."""
        specs, has_filters, lookups, may_have_duplicates, has_active = super().get_filters(request)
        asked: Any = lookups.pop(self.state_parameter, ())
        self.asked_states = tuple(map(str, asked))
        return specs, has_filters, lookups, may_have_duplicates, has_active

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return what is listed."""
        self.in_any_state = super().get_queryset(request, exclude_parameters)
        if not self.asked_states:
            return self.in_any_state
        return self.in_any_state.filter(**{f"{state_field_of(self.model).name}__in": self.asked_states})

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return an address with other parameters: one has moved from where one was."""
        return or_everything(super().get_query_string(new_params, [*(remove or ()), POSITION_VAR]))

    def get_results(self, request: HttpRequest) -> None:
        """Read and count what is listed, unless nobody will look at it; of a page that is no more, the first."""
        if getattr(request, _IS_UNREAD, False):
            return
        if self.state_parameter:
            counts = self.counts_by_state
            asked = self.asked_states or counts
            self.queryset.known_count = sum(counts.get(state, 0) for state in set(asked))  # for get_paginator
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            super().get_results(request)
        listing: Any = self.model_admin  # a ListAdmin: nobody else makes such a list
        self.result_list = listing.complete_rows(request, self.result_list)


def list_class(base: type[ChangeList]) -> type[ListChangeList]:
    """Return the change list of an admin, Django's own or its skin's, as one of ours."""
    return type("ListChangeList", (ListChangeList, base), {})


def unread_list(model_admin: ModelAdmin[Any], request: HttpRequest, query: QueryDict) -> ListChangeList:
    """Return a list as another address would show it to the same user, not yet read.

    Raises: IncorrectLookupParameters or SuspiciousOperation when the address makes no sense.
    """
    asked = copy.copy(request)
    asked.GET = query  # type: ignore[assignment]  # Django's is immutable by type alone
    setattr(asked, _IS_UNREAD, True)
    return model_admin.get_changelist_instance(asked)  # type: ignore[return-value]  # by list_class
