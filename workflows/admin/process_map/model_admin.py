"""The mixin that gives the admin of a workflow model the page of its process map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workflows.admin.process_map.filters import MapFilters
from workflows.admin.process_map.index import find_index_url, list_mapped, map_media, map_url
from workflows.admin.process_map.rows import Links, annotate, edge_rows, state_rows
from workflows.drawing import draw_svg
from workflows.models import TransitionRecord, WorkflowModel
from workflows.process_map import Period, read_process_map
from workflows.registry import machine_of, state_field_of

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["ProcessMapAdmin"]


class ProcessMapAdmin(ModelAdmin):
    """Admin of a workflow model with a process map, for whoever may view the model.

    ``process_map_filters`` are paths to relations by which the map may be narrowed (``lead__category``); the list
    of the model should have the same ones in its ``list_filter``, since each state leads there.
    """

    change_list_template = "workflows/admin/change_list.html"
    process_map_filters: ClassVar[Sequence[str]] = ()

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the map, before the address that catches everything."""
        view = self.admin_site.admin_view(require_safe(self.process_map_view))
        name = f"{self.opts.app_label}_{self.opts.model_name}_process_map"
        return [path("process-map/", view, name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """List objects, with a link to the map."""
        url = map_url(self) if self.has_process_map_permission(request) else ""
        context = {"process_map_url": url, **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_process_map_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may see what all objects did: an admin that shows some of them only overrides it."""
        return self.has_view_permission(request)

    def process_map_view(self, request: HttpRequest) -> TemplateResponse:
        """Show what the objects did.  Raises: PermissionDenied when the user may not view them."""
        if not self.has_process_map_permission(request):
            raise PermissionDenied
        model: type[WorkflowModel] = self.model
        machine = machine_of(model)
        filters = MapFilters(request.GET, model=model, paths=self.process_map_filters)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Process map: %s") % machine.title,
            # Unfold writes it at the top; Django's own admin goes by the title.
            "content_title": _("Process map: %s") % machine.title,
            "media": map_media(),
            "filters": filters,
            "periods": list(filters.period_choices()),
            "map_url": map_url(self),
            "maps_url": find_index_url(),
            "maps": list_mapped(self.admin_site, request),
            "machine": machine,
            "sees_events": self._sees_events(request),
            **(self._found(request, filters) if filters.is_valid() else {}),
        }
        return TemplateResponse(request, "workflows/admin/process_map.html", context)

    def _found(self, request: HttpRequest, filters: MapFilters) -> dict[str, Any]:
        """Return the map and what is shown of it."""
        period = filters.period
        found = read_process_map(self.model, period=period, objects=filters.objects())
        links = Links(
            of_state=lambda state: self._state_url(state, filters),
            of_transition=lambda name: self._events_url(name, period) if self._sees_events(request) else "",
        )
        drawing = draw_svg(found.machine, annotation=annotate(found, links), standalone=False)
        return {
            "found": found,
            "period": period,
            "totals": {name: f"{getattr(found, name):,}" for name in ("created", "events", "now")},
            # Safe: the drawing escapes every text it takes from the machine.
            "drawing": mark_safe(drawing),  # noqa: S308
            "objects_url": f"{self._page_address('changelist')}?{urlencode(filters.list_query())}".rstrip(
                "?"
            ),
            "states": list(state_rows(found, links)),
            "edges": list(edge_rows(found, links)),
        }

    def _state_url(self, state: str, filters: MapFilters) -> str:
        model: type[WorkflowModel] = self.model
        name = state_field_of(model).name
        query = {f"{name}__exact": state, **filters.list_query()}
        return f"{self._page_address('changelist')}?{urlencode(query)}"

    def _events_url(self, transition: str, period: Period) -> str:
        """Return the address of the events of a transition in the audit list."""
        page = reverse("admin:workflows_transitionrecord_changelist", current_app=self.admin_site.name)
        model: type[WorkflowModel] = self.model
        query = {"transition": f"{machine_of(model).label}:{transition}"}
        for name, day in (("since", period.since), ("until", period.until)):
            if day:
                query[name] = day.isoformat()
        return f"{page}?{urlencode(query)}"

    def _sees_events(self, request: HttpRequest) -> bool:
        events = self.admin_site._registry.get(TransitionRecord)
        return events is not None and events.has_view_permission(request)

    def _page_address(self, page: str) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, current_app=self.admin_site.name)
