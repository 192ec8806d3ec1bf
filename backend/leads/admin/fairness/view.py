"""The view of the page: for whom it is, and of which period and category it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.catalog.models import Category
from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.asked_for import list_period_links, read_scope
from backend.leads.admin.dashboard.fairness import may_see_fairness
from backend.leads.admin.fairness.page import build_page
from backend.leads.figures.fairness import measure_fairness
from workflows import clock

__all__ = ["fairness_view"]


def fairness_view(site: admin.AdminSite) -> Callable[..., Any]:
    """Return the view of the report; mount it above the site, under the name ``fairness``::

    path("admin/fairness/", fairness_view(admin.site), name="fairness"),
    """

    def view(request: HttpRequest) -> TemplateResponse:
        if not may_see_fairness(request.user):
            raise PermissionDenied
        categories = tuple(Category.objects.order_by("name").values_list("pk", "name"))
        scope = read_scope(request, known=[pk for pk, _name in categories])
        request.current_app = site.name
        context = {
            **site.each_context(request),
            "title": _("Fairness and drift"),
            "media": Media(css={"all": ["workflows/admin.css", "leads/dashboard.css", "leads/fairness.css"]}),
            "scope": scope,
            "categories": categories,
            "periods": tuple(list_period_links(scope)),
            "page": build_page(measure_fairness(scope), Addresses(request.user, scope), now=clock.now()),
        }
        return TemplateResponse(request, "leads/admin/fairness/page.html", context)

    return site.admin_view(require_safe(view))
