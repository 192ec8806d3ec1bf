"""The mixin that makes the admin of ``TransitionRecord`` the audit list."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows import clock
from workflows.admin.audit_list.event_page import read_event
from workflows.admin.audit_list.export import write_csv
from workflows.admin.audit_list.filters import AuditFilters
from workflows.admin.audit_list.paging import COUNTED_MAX, count_capped, in_order, read_page
from workflows.admin.audit_list.rows import Row, build_rows, name_objects
from workflows.admin.audit_list.search import search_events
from workflows.admin.audit_list.visibility import Sight, sight_of
from workflows.admin.record_pages import RecordPages
from workflows.models import TransitionRecord

__all__ = ["AuditAdmin"]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for: the filters, the events that pass them, and notes to the reader."""

    filters: AuditFilters
    events: QuerySet[TransitionRecord]
    notes: list[str]
    sight: Sight


class AuditAdmin(RecordPages):
    """The audit list; goes before ``ModelAdmin``, Django's or that of django-unfold.

    Who may view events sees those of the machines whose objects they may view, and may export them.  Nobody adds,
    changes or deletes one: the database refuses it, and so does every page here.
    """

    list_per_page = 50

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["workflows/admin.css", "workflows/list.css", "workflows/audit.css"]}

    # The pages.

    def get_urls(self) -> list[URLPattern]:
        """Add the export, before the address that catches everything."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="workflows_transitionrecord_export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List events.  Raises: PermissionDenied when the user may not see any."""
        self._refuse_unless_seen(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        question = self._ask(request)
        is_by_time = question.filters.is_valid() and question.filters.is_by_time
        page = read_page(
            question.events,
            is_by_time=is_by_time,
            before=_log_row(request.GET.get("before")),
            after=_log_row(request.GET.get("after")),
            size=self.list_per_page,
        )
        is_whole = page.older is None and page.newer is None
        count = len(page.records) if is_whole else count_capped(question.events, most=COUNTED_MAX)
        kept = _kept(request.GET, question.filters)
        context = {
            "title": _("Audit list"),
            "filters": question.filters,
            "notes": question.notes,
            "chips": list(self._chips(request, question)),
            "rows": self._build(request, question.sight)(page.records),
            "count": min(count, COUNTED_MAX),
            "counted_max": f"{COUNTED_MAX:,}",
            "is_more": count > COUNTED_MAX,
            "newest_query": kept.urlencode(),
            "older_query": _turned(kept, "before", page.older),
            "newer_query": _turned(kept, "after", page.newer),
            "export_url": f"{self._address('export')}?{kept.urlencode()}",
            **(extra_context or {}),
        }
        return self._render(request, "workflows/admin/audit_list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one event.  Raises: PermissionDenied when the user may see none; Http404 when not this one."""
        self._refuse_unless_seen(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        sight = sight_of(request.user)
        seen = sight.narrow(TransitionRecord.objects.all())
        log_id = _log_row(object_id)
        record = seen.select_related("log__by").filter(pk=log_id).first() if log_id else None
        if record is None:
            raise Http404
        detail = read_event(record, seen=seen, build=self._build(request, sight))
        event = detail.row.event
        context = {
            "title": f"{event.label} · {detail.row.object.text}",
            "event": event,
            "detail": detail,
            "row": detail.row,
            "record": record,
            **(extra_context or {}),
        }
        return self._render(request, "workflows/admin/audit_event.html", context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Send the events that pass the filters as a CSV file, and note who has taken them.

        Raises: PermissionDenied when the user may see none.
        """
        self._refuse_unless_seen(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        question = self._ask(request)
        if not question.filters.is_valid():
            return HttpResponseBadRequest(_("The filters make no sense: nothing was exported."))
        self._note_export(request, _kept(request.GET, question.filters))
        ordered = in_order(question.events, is_by_time=question.filters.is_by_time)
        day = timezone.localtime(clock.now()).date().isoformat()
        return StreamingHttpResponse(
            write_csv(ordered, self._build(request, question.sight)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="audit-{day}.csv"'},
        )

    # What the pages are made of.

    def _ask(self, request: HttpRequest) -> Question:
        """Return the events that the address asks for; none when it makes no sense."""
        sight = sight_of(request.user)
        filters = AuditFilters(request.GET, sight=sight)
        events = filters.narrow(sight.narrow(TransitionRecord.objects.all()))
        notes: list[str] = []
        words = filters.cleaned_data.get("q")
        if filters.is_valid() and words:
            events, notes = search_events(events, words, request=request, site=self.admin_site, sight=sight)
        return Question(filters=filters, events=events, notes=notes, sight=sight)

    def _build(self, request: HttpRequest, sight: Sight) -> Callable[[Iterable[TransitionRecord]], list[Row]]:
        return functools.partial(build_rows, request=request, site=self.admin_site, sight=sight)

    def _chips(self, request: HttpRequest, question: Question) -> Iterator[tuple[str, str]]:
        """Yield the filters that have no field to see them in: (text, the address without it)."""
        if not question.filters.is_valid():
            return
        chosen, kept = question.filters.cleaned_data, _kept(request.GET, question.filters)
        if chosen["object"]:
            machine, _colon, pk = chosen["object"].partition(":")
            key = (machine, int(pk))
            names = name_objects([key], request=request, site=self.admin_site, sight=question.sight)
            yield names[key].text, _without(kept, "object")
        if chosen["request"]:
            yield _("Request %s") % chosen["request"], _without(kept, "request")

    def _note_export(self, request: HttpRequest, kept: QueryDict) -> None:
        """Write into the admin's log who has taken which events."""
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(TransitionRecord),
            object_repr=str(_("Audit list")),
            action_flag=CHANGE,
            change_message=f"Exported as CSV: {kept.urlencode() or 'everything'}",
        )


def _log_row(text: str | None) -> int | None:
    """Return the number of a log row (32 bits) in an address, or None when there is none."""
    is_one = text is not None and text.isascii() and text.isdecimal() and len(text) <= 10
    number = int(text) if is_one and text else 0
    return number if 0 < number < 2**31 else None


def _kept(query: QueryDict, filters: AuditFilters) -> QueryDict:
    """Return the filters of an address that say something, without the page."""
    kept = QueryDict(mutable=True)
    for name in filters.fields:
        if value := query.get(name):
            kept[name] = str(value)
    return kept


def _turned(kept: QueryDict, name: str, log_id: int | None) -> str:
    """Return the address of the page before or after a log row; "" when there is none."""
    return f"{name}={log_id}&{kept.urlencode()}".rstrip("&") if log_id else ""


def _without(kept: QueryDict, name: str) -> str:
    """Return the address without one of the filters."""
    query = kept.copy()
    del query[name]
    return query.urlencode()
