"""The addresses of the project."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.cache import cache_control

from backend.leads.admin.dashboard.fairness import FAIRNESS_PAGE
from backend.leads.admin.fairness import fairness_view
from workflows.admin.process_map import process_maps_view

__all__ = ["favicon", "urlpatterns"]


@cache_control(max_age=86400, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Answer browsers, which ask for it unbidden, that there is none."""
    return HttpResponse(status=204)


urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path("admin/fairness/", fairness_view(admin.site), name=FAIRNESS_PAGE),
    path("admin/process-maps/", process_maps_view(admin.site), name="process_maps"),
    path("admin/", admin.site.urls),
    path("", include("backend.portal.urls")),
]
