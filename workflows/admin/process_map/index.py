"""The page of all process maps that somebody may see, and what the pages of the maps share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workflows.machine import Machine
from workflows.process_map import read_live
from workflows.registry import list_workflow_models, machine_of

__all__ = ["MapLink", "find_index_url", "list_mapped", "map_media", "map_url", "process_maps_view"]

INDEX = "process_maps"
"""The name under which a project mounts the page of all maps, if it does."""


@dataclass(frozen=True, slots=True)
class MapLink:
    """The map of a machine, by its address."""

    machine: Machine
    model: Any
    url: str


def process_maps_view(site: admin.AdminSite) -> Callable[..., Any]:
    """Return the view of all maps of an admin site; mount it above the site, under the name ``process_maps``::

    path("admin/process-maps/", process_maps_view(admin.site), name="process_maps"),
    """

    def view(request: HttpRequest) -> TemplateResponse:
        mapped = list_mapped(site, request)
        if not mapped:
            raise PermissionDenied
        request.current_app = site.name
        context = {
            **site.each_context(request),
            "title": _("Process maps"),
            "media": map_media(),
            "maps": [_shown(link) for link in mapped],
        }
        return TemplateResponse(request, "workflows/admin/process_maps.html", context)

    return site.admin_view(require_safe(view))


def list_mapped(site: admin.AdminSite, request: HttpRequest) -> list[MapLink]:
    """Return the maps of the machines whose objects the user may view, by title."""
    links = []
    for model in list_workflow_models():
        registered = site._registry.get(model)
        mapped: Any = registered if hasattr(registered, "process_map_view") else None
        if mapped is not None and mapped.has_process_map_permission(request):
            links.append(MapLink(machine=machine_of(model), model=model, url=map_url(mapped)))
    return sorted(links, key=lambda link: link.machine.title)


def map_url(registered: admin.ModelAdmin[Any]) -> str:
    """Return the address of the map of a model's admin."""
    options = registered.opts
    name = f"admin:{options.app_label}_{options.model_name}_process_map"
    return reverse(name, current_app=registered.admin_site.name)


def find_index_url() -> str:
    """Return the address of the page of all maps; "" when the project has none."""
    try:
        return reverse(INDEX)
    except NoReverseMatch:
        return ""


def map_media() -> Media:
    """Return the styles and scripts of the pages, from static files alone."""
    sheets = ["workflows/diagram.css", "workflows/admin.css", "workflows/process_map.css"]
    return Media(css={"all": sheets}, js=["workflows/admin.js"])


def _shown(link: MapLink) -> dict[str, Any]:
    states = read_live(link.model)
    return {"link": link, "states": states, "total": sum(figures.now for figures in states)}
