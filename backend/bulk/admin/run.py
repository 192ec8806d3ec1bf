"""The admin of bulk runs: the list of them, and the page of each from its preview to its results."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin

from backend.bulk.admin.page import list_moves, page_context, progress_context
from backend.bulk.admin.results import write_csv
from backend.bulk.admin.start_form import StartForm, build_start_form
from backend.bulk.admin.wording import describe_figures
from backend.bulk.models import BulkRun
from backend.bulk.rights import START
from backend.bulk.selectors import Figures, count_outcomes, list_forecast
from backend.bulk.services.planning import start_run
from workflows import Channel, TransitionRefused, acting
from workflows.admin import WorkflowAdmin
from workflows.admin.timeline import read_timeline

__all__ = ["BulkRunAdmin"]

SEE_ALL = "bulk.view_bulkrun"


@admin.register(BulkRun)
class BulkRunAdmin(WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Bulk runs: everybody's own, and all for whoever may see all."""

    list_display = ["number", "what", "starter", "state_badge", "created_at"]
    list_display_links = ["number", "what"]
    list_filter = ["status", ("created_at", admin.DateFieldListFilter)]
    list_select_related = ["starter"]
    list_before_template = "bulk/admin/about.html"  # type: ignore[assignment]  # unfold writes no types
    list_per_page = 50
    ordering = ["-id"]
    search_fields = ["=id", "machine", "transition_name", "selection", "starter__username"]
    search_help_text = _("Number, transition, selection, or login")

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["workflows/audit.css", "bulk/bulk.css"]}
        js = ["workflows/progress.js", "bulk/bulk.js"]

    # The list.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the runs that the user may see."""
        runs: QuerySet[Any] = super().get_queryset(request).select_related("starter")
        return runs if request.user.has_perm(SEE_ALL) else runs.filter(starter=request.user.pk)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; the figures of all runs on the page are read at once."""
        known: dict[int, Figures] = {}

        @admin.display(description=_("objects"))
        def figures(run: BulkRun) -> SafeString:
            if run.pk not in known:
                known.update(count_outcomes(self._shown(request)))
            return describe_figures(known.get(run.pk, Figures()))

        *columns, created_at = super().get_list_display(request)
        return [*columns, figures, created_at]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, remembered for its figures."""
        changelist = super().get_changelist_instance(request)
        request._bulk_runs = changelist.result_list  # type: ignore[attr-defined]  # a place of our own
        return changelist

    @admin.display(description=_("run"), ordering="id")
    def number(self, run: BulkRun) -> str:
        """Return the number."""
        return f"#{run.pk}"

    @admin.display(description=_("what"))
    def what(self, run: BulkRun) -> str:
        """Return the transition and on how many objects."""
        return f"{run.move.label} · {run.total:,} {run.object_names}"

    def _shown(self, request: HttpRequest) -> list[BulkRun]:
        return list(getattr(request, "_bulk_runs", ()))

    # One run.

    def get_urls(self) -> list[URLPattern]:
        """Add the start, the part that keeps itself up to date, and the file."""
        pages = (
            ("start", require_POST(self.start_view)),
            ("progress", require_GET(self.progress_view)),
            ("results", require_GET(self.results_view)),
        )
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"bulk_bulkrun_{name}")
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show a run: nothing of it is edited."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._show(request, self._get_run(request, object_id))

    def start_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start a run as its form says, or say what is missing.  Raises: PermissionDenied for anybody else's run."""
        run = self._get_run(request, object_id)
        if run.starter_id != request.user.pk:
            raise PermissionDenied
        if run.status != BulkRun.Status.PLANNED:
            text = _("It cannot be started: it is “%s”.") % run.get_status_display()
            return self._back(request, run, text, messages.WARNING)
        form = build_start_form(run, list_forecast(run), data=request.POST)
        if not form.is_valid():
            return self._show(request, run, form=form, status=422)
        try:
            with acting(by=run.starter, channel=Channel.ADMIN):
                start_run(run, by=request.user, arguments=form.arguments)
        except TransitionRefused as refused:
            reasons = " ".join(check.message for check in refused.reasons)
            return self._back(request, run, reasons, messages.ERROR)
        self.log_change(request, run, str(_("Started.")))
        return self._back(request, run, _("Started. You may leave this page."), messages.SUCCESS)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the part of the page that says how far the run has come."""
        run = self._get_run(request, object_id)
        return TemplateResponse(request, "bulk/admin/progress.html", progress_context(run))

    def results_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Answer the results as a CSV file, narrowed as the page is."""
        run = self._get_run(request, object_id)
        response = StreamingHttpResponse(
            write_csv(run, request, self.admin_site), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="bulk-run-{run.pk}.csv"'
        return response

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """Answer the page of a transition.  Raises: Http404 for the start, which asks on the page of the run."""
        if name == "start":
            raise Http404
        return super().transition_view(request, object_id, name)

    def _get_run(self, request: HttpRequest, object_id: str) -> BulkRun:
        """Return a run that the user may see.  Raises: Http404 when there is none."""
        run: BulkRun | None = self.get_object(request, unquote(object_id))
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return run

    def _show(
        self, request: HttpRequest, run: BulkRun, *, form: StartForm | None = None, status: int = 200
    ) -> TemplateResponse:
        moves = [(move, self.transition_url(request, run, move.name)) for move in list_moves(run, request)]
        context = {
            **self.admin_site.each_context(request),
            **page_context(run, request, self.admin_site, form=form),
            "title": run,
            "starter_name": run.starter.get_full_name() or run.starter.get_username(),
            "opts": self.opts,
            "original": run,
            "media": self.media,
            "moves": moves,
            "timeline": read_timeline(run),
            "can_see_audit": request.user.has_perm("workflows.view_transitionrecord"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "bulk/admin/run.html", context, status=status)

    def _back(self, request: HttpRequest, run: BulkRun, text: Any, level: int) -> HttpResponseRedirect:
        self.message_user(request, text, level)
        return HttpResponseRedirect(reverse("admin:bulk_bulkrun_change", args=[run.pk]))

    # Who may what.

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has runs, or may see those of others."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may see all runs, or this one is theirs."""
        if request.user.has_perm(SEE_ALL):
            return True
        return request.user.has_perm(START) if obj is None else obj.starter_id == request.user.pk

    def has_process_map_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may see all runs: the map counts those of everybody."""
        return request.user.has_perm(SEE_ALL)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a run begins on the list of its objects."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a run is moved by its transitions alone."""
        return False
