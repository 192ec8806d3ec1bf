"""What a person was told: the inbox."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backend.notifications.selectors import list_inbox
from backend.notifications.services import mark_all_read as mark_inbox_read
from backend.notifications.services import mark_read
from backend.portal.visitors import for_everybody_logged_in
from backend.users.models import User

__all__ = ["list_notifications", "mark_all_read", "open_notification"]

ON_A_PAGE = 20


@require_safe
@for_everybody_logged_in
def list_notifications(request: HttpRequest, user: User) -> HttpResponseBase:
    """Show what a person was told, newest first."""
    page = Paginator(list_inbox(user), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/inbox.html", {"notes": page})


@require_safe
@for_everybody_logged_in
def open_notification(request: HttpRequest, user: User, number: int) -> HttpResponseBase:
    """Mark a notification as read and lead to the page it speaks of.  Raises: Http404 when it is not theirs."""
    note = get_object_or_404(list_inbox(user), pk=number)
    mark_read(note)
    is_ours = url_has_allowed_host_and_scheme(note.path, allowed_hosts=None)
    return redirect(note.path if is_ours else "inbox")


@require_POST
@for_everybody_logged_in
def mark_all_read(request: HttpRequest, user: User) -> HttpResponseBase:
    """Mark everything as read."""
    count = mark_inbox_read(user)
    messages.success(request, _("Nothing is unread.") if not count else _("All is marked as read."))
    return redirect("inbox")
