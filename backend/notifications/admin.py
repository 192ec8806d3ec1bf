"""The admin of notifications: what people were told, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.notifications.models import Notification

__all__ = ["NotificationAdmin"]


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    """Written by what happened; nobody writes, changes or deletes one by hand."""

    list_display = ["subject", "type", "recipient", "created_at", "read_at"]
    list_filter = [
        "type",
        ("read_at", admin.EmptyFieldListFilter),
        ("created_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["recipient"]
    list_per_page = 50
    search_fields = ["subject", "recipient__username", "recipient__email", "event"]
    search_help_text = _("Subject, recipient, or event such as leads.lead:17:2")
    ordering = ["-created_at", "-id"]
    fieldsets = [
        (None, {"fields": ["subject", "body", "page_link"]}),
        (_("To whom, of what"), {"fields": [("recipient", "type"), "event", ("created_at", "read_at")]}),
    ]
    readonly_fields = ["page_link"]

    @admin.display(description=_("page"))
    def page_link(self, notification: Notification) -> SafeString:
        """Return the address to look at, as a link."""
        return format_html('<a href="{}" rel="noreferrer">{}</a>', notification.link, notification.link)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: events write notifications."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what somebody was told stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what somebody was told stays on record."""
        return False
