"""The mixin that makes a list of the admin one that can be worked through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse

from workflows.admin.lists.address import filled
from workflows.admin.lists.change_list import ListChangeList, list_class
from workflows.admin.lists.chips import list_chips

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["ListAdmin", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown above a list: a template, and what it shows as ``shown``."""

    template: str
    shown: Any


class ListAdmin(ModelAdmin):
    """Admin with a list to work through; goes before ``ModelAdmin``, Django's or that of django-unfold.

    A filter with a method ``describe`` says itself, in its chip, what it is set to.
    """

    change_list_template = "workflows/admin/change_list.html"
    # Counted once by the paginator; how many there are besides is of use to nobody.
    show_full_result_count = False

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["workflows/admin.css", "workflows/list.css"]}
        js = ["workflows/admin.js", "workflows/keyboard.js", "workflows/list.js"]

    def list_parts(self, request: HttpRequest, changelist: ListChangeList) -> list[Part]:
        """Return what is shown above the list, from the top down; override to add."""
        return [Part("workflows/admin/list_chips.html", list_chips(changelist))]

    def complete_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of a page, already cut, with what only they need: what is counted is spared of it."""
        return rows

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: Any,
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,  # noqa: FBT001, FBT002  Django's signature
    ) -> Any:
        """Return the paginator; where the tabs have counted already, it need not count again."""
        paginator = super().get_paginator(request, queryset, per_page, orphans, allow_empty_first_page)
        known = getattr(queryset, "known_count", None)
        if known is not None:
            paginator.count = known
        return paginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return list_class(super().get_changelist(request, **kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list, and above it its parts; what a form has left empty is taken out of the address."""
        if request.method == "GET" and (address := filled(request.GET)) is not None:
            return HttpResponseRedirect(address)
        response = super().changelist_view(request, extra_context)
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if context and isinstance(context.get("cl"), ListChangeList):
            parts = self.list_parts(request, context["cl"])
            context |= {"list_parts": parts, "list_chips": list_chips(context["cl"])}
        return response
