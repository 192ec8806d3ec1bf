"""The admin of what-ifs: the list of those asked, the page of each, asking one, and how far it is."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin

from backend.leads.admin.what_if.page import page_context, progress_context
from backend.leads.admin.what_if.subject import may_see, may_try
from backend.leads.admin.what_if.wording import describe_verdict
from backend.leads.models import TermsVersion, WhatIf
from backend.leads.services.what_ifs import ask_what_if
from backend.matching.models import RankingModel
from workflows.admin.record_pages import RecordPages

__all__ = ["WhatIfAdmin"]

_SUBJECTS = {"terms": TermsVersion, "model": RankingModel}


@admin.register(WhatIf)
class WhatIfAdmin(RecordPages, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """What-ifs: those of what the user may look at."""

    list_per_page = 50

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["workflows/admin.css", "workflows/audit.css", "leads/admin.css", "leads/what_if.css"]}
        js = ["workflows/progress.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the what-ifs that the user may see, with what they tried."""
        what_ifs: QuerySet[Any] = super().get_queryset(request)
        what_ifs = what_ifs.select_related("terms__category", "model", "asked_by").defer("model__artifact")
        if not request.user.has_perm("leads.view_termsversion"):
            what_ifs = what_ifs.filter(terms=None)
        if not request.user.has_perm("matching.view_rankingmodel"):
            what_ifs = what_ifs.filter(model=None)
        return what_ifs

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may look at what-ifs, and at what this one tried."""
        return super().has_view_permission(request) and (obj is None or may_see(request.user, obj.subject))

    def get_urls(self) -> list[URLPattern]:
        """Add asking, and the part that keeps itself up to date."""
        ask = self.admin_site.admin_view(require_POST(self.ask_view))
        progress = self.admin_site.admin_view(require_GET(self.progress_view))
        return [
            path("ask/", ask, name="leads_whatif_ask"),
            path("<path:object_id>/progress/", progress, name="leads_whatif_progress"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show what was asked, the latest first.  Raises: PermissionDenied."""
        self._refuse_unless_seen(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        what_ifs = self.get_queryset(request).defer("result", "tried", "model__artifact")
        answered = what_ifs.annotate(wins=KT("result__wins"), leads=KT("result__leads"))
        page = Paginator(answered, self.list_per_page).get_page(request.GET.get("page"))
        context = {
            "title": _("What-ifs"),
            "page": page,
            "rows": [
                (one, describe_verdict({"wins": json.loads(one.wins)}) if one.wins else None) for one in page
            ],
            **(extra_context or {}),
        }
        return self._render(request, "leads/admin/what_if/list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one.  Raises: PermissionDenied; Http404 when there is none that the user may see."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        what_if = self._get(request, object_id)
        context = {"title": str(what_if), **page_context(what_if, request), **(extra_context or {})}
        return self._render(request, "leads/admin/what_if/page.html", context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the part of the page that says how far it is."""
        what_if = self._get(request, object_id)
        return TemplateResponse(request, "leads/admin/what_if/progress.html", progress_context(what_if))

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """Have terms or a model tried, as the form says.

        Raises: PermissionDenied when the user may not put it in force; Http404 when there is no such thing.
        """
        subject = _find_subject(request)
        if not may_try(request.user, subject):
            raise PermissionDenied
        what_if = ask_what_if(subject, by=request.user)
        return HttpResponseRedirect(reverse("admin:leads_whatif_change", args=[what_if.pk]))

    def _get(self, request: HttpRequest, object_id: str) -> WhatIf:
        self._refuse_unless_seen(request)
        what_if: WhatIf | None = self.get_object(request, object_id)
        if what_if is None:
            raise Http404
        return what_if


def _find_subject(request: HttpRequest) -> TermsVersion | RankingModel:
    for name, model in _SUBJECTS.items():
        number = request.POST.get(name, "")
        if number.isdecimal():
            subject: Any = model._base_manager.filter(pk=number).first()
            if isinstance(subject, TermsVersion | RankingModel):
                return subject
    raise Http404
