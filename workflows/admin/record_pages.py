"""Pages of what is on record: to look at, in a layout of their own; nobody writes it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["RecordPages"]


class RecordPages(ModelAdmin):
    """Admin whose list and pages are templates of their own; goes before ``ModelAdmin``, as its subclasses do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: it comes about by itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what is on record stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: nobody takes it away by hand."""
        return False

    def _refuse_unless_seen(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _address(self, page: str) -> str:
        """Return the address of a page that needs no more than its name: ``changelist``, or one of the admin's own."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, current_app=self.admin_site.name)

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "list_url": self._address("changelist"),
        }
        return TemplateResponse(request, template, {**shared, **context})
