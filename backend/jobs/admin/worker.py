"""The admin of workers: who lives, and what each has in hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.jobs.admin.filters import AliveFilter
from backend.jobs.admin.wording import in_time_element
from backend.jobs.models import Worker
from backend.jobs.selectors import is_alive, list_workers
from workflows import clock
from workflows.admin.durations import describe_age

__all__ = ["WorkerAdmin"]


@admin.register(Worker)
class WorkerAdmin(ModelAdmin):
    """Workers come and go by themselves; one that stopped as it should is not listed."""

    list_display = ["number", "state", "heartbeat", "jobs_in_hand"]
    list_display_links = None
    list_filter = [AliveFilter]
    list_per_page = 50
    ordering = ["-id"]

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["workflows/admin.css", "jobs/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the workers with their jobs: one statement."""
        return list_workers()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a worker enters itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    @admin.display(description=_("worker"), ordering="id")
    def number(self, worker: Worker) -> str:
        """Return the number that it got when it started."""
        return str(worker)

    @admin.display(description=_("state"))
    def state(self, worker: Worker) -> SafeString:
        """Return whether it lives; the jobs of a silent one are handed out again."""
        if is_alive(worker):
            return format_html('<span class="wf-badge wf-tone-good">{}</span>', _("Alive"))
        return format_html('<span class="wf-badge wf-tone-bad">{}</span>', _("Silent"))

    @admin.display(description=_("last sign of life"), ordering="last_heartbeat")
    def heartbeat(self, worker: Worker) -> SafeString:
        """Return when it last said that it lives."""
        return in_time_element(describe_age(clock.now() - worker.last_heartbeat), worker.last_heartbeat)

    @admin.display(description=_("jobs in hand"))
    def jobs_in_hand(self, worker: Any) -> SafeString:
        """Return the jobs that it runs, as links."""
        links = ((reverse("admin:jobs_job_change", args=[pk]), pk) for pk in sorted(worker.job_ids or []))
        return format_html_join(", ", '<a class="jobs-link" href="{}">#{}</a>', links) or SafeString("0")
