"""The admin of jobs: what waits, runs, and failed; retry and cancel, one or many."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.jobs.admin.arguments import describe_arguments
from backend.jobs.admin.filters import DueFilter, EnqueuedFilter, StatusFilter, TaskFilter, TicksFilter
from backend.jobs.admin.moves import CANCEL, MOVES, RETRY, Move, moves_for
from backend.jobs.admin.page import build_panel
from backend.jobs.admin.wording import (
    describe_error,
    describe_priority,
    describe_task,
    describe_time,
    status_badge,
)
from backend.jobs.models import Job
from backend.jobs.selectors import summarize_queue, with_times
from backend.saved_views.admin import SavedViewsAdmin
from workflows import clock
from workflows.admin.durations import describe_duration

__all__ = ["JobAdmin"]

# More at once would be one long transaction and a page that nobody waits for; whoever wants more presses again.
MOVED_TOGETHER_MAX = 5000


@admin.register(Job)
class JobAdmin(SavedViewsAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Jobs are enqueued by what happens and run by workers; staff look, retry and cancel."""

    change_form_template = "jobs/admin/job.html"
    list_before_template = "jobs/admin/summary.html"  # type: ignore[assignment]  # unfold writes no types
    list_display = ["number", "state", "task", "when", "attempts", "priority_in_words", "last_error"]
    list_display_links = ["number", "task"]
    list_filter = [StatusFilter, DueFilter, TicksFilter, TaskFilter, EnqueuedFilter, "queue_name"]
    list_select_related = ["error"]
    list_per_page = 50
    ordering = ["-id"]
    search_fields = ["=id", "task_name", "args"]
    search_help_text = _("Number, name of the task, or something in its arguments")
    fields = ()  # the panel says it all
    actions = ["retry_selected", "cancel_selected"]

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["workflows/admin.css", "jobs/admin.css"]}

    # The list.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the jobs with their times and errors: one statement."""
        return with_times(super().get_queryset(request).select_related("error"))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; the arguments are linked where this user may look at what they name."""

        @admin.display(description=_("arguments"))
        def arguments(job: Job) -> SafeString:
            return describe_arguments(job.args, request)

        number, state, task, *others = super().get_list_display(request)
        return [number, state, task, arguments, *others]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list below a summary of how things stand."""
        summary = summarize_queue()
        waits = clock.now() - (summary.oldest_waits_since or clock.now())
        context = {**(extra_context or {}), "summary": summary, "waits": describe_duration(waits)}
        return super().changelist_view(request, context)

    @admin.display(description=_("job"), ordering="id")
    def number(self, job: Job) -> str:
        """Return the number."""
        return f"#{job.pk}"

    @admin.display(description=_("state"), ordering="status")
    def state(self, job: Job) -> SafeString:
        """Return the state as a badge."""
        return status_badge(job.status)

    @admin.display(description=_("task"), ordering="task_name")
    def task(self, job: Job) -> SafeString:
        """Return the task in words, with its name below."""
        return format_html(
            '{}<br><span class="jobs-quiet">{}</span>', describe_task(job.task_name), job.task_name
        )

    @admin.display(description=_("when"))
    def when(self, job: Job) -> SafeString:
        """Return since when it waits or runs, or how long ago it ended."""
        return describe_time(job)

    @admin.display(description=_("priority"), ordering="priority")
    def priority_in_words(self, job: Job) -> str:
        """Return the priority."""
        return describe_priority(job.priority)

    @admin.display(description=_("last error"))
    def last_error(self, job: Job) -> str:
        """Return the beginning of the last error."""
        return describe_error(job.error) if hasattr(job, "error") else ""

    # One job.

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the admin, with those of the moves."""
        view = self.admin_site.admin_view(self.move_view)
        return [path("<int:job_id>/move/<str:name>/", view, name="jobs_job_move"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the panel of a job instead of a form."""
        context["panel"] = build_panel(kwargs["obj"], request)
        context["moves"] = moves_for(kwargs["obj"], user=request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def move_view(self, request: HttpRequest, job_id: int, name: str) -> HttpResponse:
        """Ask whether to retry or cancel a job (GET), or do it (POST); what has moved on is told so.

        Raises: Http404 when there is no such job or move; PermissionDenied when the user may not.
        """
        job = Job.objects.filter(pk=job_id).first()
        if job is None or name not in MOVES:
            raise Http404
        move = MOVES[name]
        if not request.user.has_perm(move.permission):
            raise PermissionDenied
        if request.method == "POST":
            self._run(move, [job], request)
        elif job.status == move.source:
            return self._ask(move, request, jobs=[job], back=reverse("admin:jobs_job_change", args=[job_id]))
        else:
            self.message_user(request, move.report(asked=1, moved=0), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job_id]))

    # Many jobs.

    @admin.action(description=_("Retry those that failed"), permissions=["retry"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Retry the selected jobs that failed."""
        return self._move_selected(RETRY, request, queryset)

    @admin.action(description=_("Cancel those that wait"), permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Cancel the selected jobs that wait."""
        return self._move_selected(CANCEL, request, queryset)

    def _move_selected(
        self, move: Move, request: HttpRequest, queryset: QuerySet[Job]
    ) -> HttpResponse | None:
        if request.POST.get("confirmed") != "yes":
            return self._ask(move, request, jobs=queryset, back=request.get_full_path())
        asked = request.POST.get("asked", "")
        self._run(
            move,
            list(queryset.filter(status=move.source).order_by("pk")[:MOVED_TOGETHER_MAX]),
            request,
            asked=int(asked) if asked.isdecimal() else None,
        )
        return None

    def _ask(self, move: Move, request: HttpRequest, *, jobs: Any, back: str) -> HttpResponse:
        """Return the page that asks; nothing has happened yet."""
        is_one = isinstance(jobs, list)
        total = len(jobs) if is_one else jobs.count()
        in_state = total if is_one else jobs.filter(status=move.source).count()
        movable = min(in_state, MOVED_TOGETHER_MAX)
        context = {
            **self.admin_site.each_context(request),
            "title": move.question,
            "opts": self.opts,
            "media": self.media,
            "move": move,
            "jobs": jobs if is_one else [],
            "total": total,
            "movable": movable,
            "beyond": in_state - movable,
            "others": total - in_state,
            "back": back,
            "action_name": request.POST.get("action", ""),
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "jobs/admin/confirm.html", context)

    def _run(self, move: Move, jobs: list[Job], request: HttpRequest, *, asked: int | None = None) -> None:
        """Do it, say what became of it, and write it into the admin's log."""
        moved = set(move.run(job.pk for job in jobs))
        asked = len(jobs) if asked is None else asked
        logged = [job for job in jobs if job.pk in moved]
        LogEntry.objects.log_actions(request.user.pk or 0, logged, CHANGE, str(move.label))
        level = messages.SUCCESS if len(moved) >= asked else messages.WARNING
        self.message_user(request, move.report(asked=max(asked, len(moved)), moved=len(moved)), level)

    # Who may what.

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may retry jobs."""
        return request.user.has_perm(RETRY.permission)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may cancel jobs."""
        return request.user.has_perm(CANCEL.permission)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what happens enqueues jobs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a job stays what it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: jobs are forgotten when their time has come."""
        return False
