"""The mixin that makes the admin of ``AuditRun`` the pages of the audit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from workflows import clock
from workflows.admin.audit_runs.reading import read_run
from workflows.admin.durations import describe_age
from workflows.admin.record_pages import RecordPages
from workflows.invariants.runs import find_latest_run, is_overdue, run_audit
from workflows.models import AuditRun

__all__ = ["AuditRunAdmin"]

RUN_PERMISSION = "workflows.run_auditrun"


class AuditRunAdmin(RecordPages):
    """The audits; goes before ``ModelAdmin``, Django's or that of django-unfold.

    Who may view audits sees what they found; objects that somebody may not view are numbers to them.  Nobody adds,
    changes or deletes one.
    """

    list_per_page = 48

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["workflows/admin.css", "workflows/audit.css", "workflows/invariants.css"]}

    def begin_audit(self) -> str:
        """Have the invariants audited now, and return what to tell whoever asked for it.

        Here, while they wait; a project with background jobs overrides it.
        """
        run_audit()
        return _("The invariants were audited.")

    # The pages.

    def get_urls(self) -> list[URLPattern]:
        """Add the button's address, before the one that catches everything."""
        view = self.admin_site.admin_view(self.run_view)
        return [path("run/", view, name="workflows_auditrun_run"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the latest run found, and the list of runs.  Raises: PermissionDenied."""
        self._refuse_unless_seen(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        latest = find_latest_run()
        page = Paginator(AuditRun.objects.defer("results"), self.list_per_page).get_page(
            request.GET.get("page")
        )
        context = {
            "title": _("Invariants"),
            "report": read_run(latest, request=request, site=self.admin_site) if latest else None,
            "ago": describe_age(clock.now() - latest.started_at) if latest else "",
            "is_overdue": is_overdue(latest),
            "page": page,
            "runs": [(run, describe_age(clock.now() - run.started_at)) for run in page],
            "may_run": request.user.has_perm(RUN_PERMISSION),
            "run_url": self._address("run"),
            **(extra_context or {}),
        }
        return self._render(request, "workflows/admin/audit_runs.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what one run found.  Raises: PermissionDenied; Http404 when there is no such run."""
        self._refuse_unless_seen(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        run: AuditRun | None = self.get_object(request, object_id)
        if run is None:
            raise Http404
        context = {
            "title": str(run),
            "report": read_run(run, request=request, site=self.admin_site),
            "ago": describe_age(clock.now() - run.started_at),
            **(extra_context or {}),
        }
        return self._render(request, "workflows/admin/audit_run.html", context)

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Have the invariants audited now.  Raises: PermissionDenied when the user may not."""
        if not (self.has_view_permission(request) and request.user.has_perm(RUN_PERMISSION)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        told = self.begin_audit()
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(AuditRun),
            object_repr=_("Invariants"),
            action_flag=ADDITION,
            change_message=told,
        )
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(self._address("changelist"))
