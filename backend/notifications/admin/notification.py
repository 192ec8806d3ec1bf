"""The admin of notifications: what people were told, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from backend.notifications.admin.read_only import ReadOnly, badge, link
from backend.notifications.models import Delivery, Notification

__all__ = ["NotificationAdmin"]


class DeliveriesOfNotification(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold writes no types
    """How one notification went out."""

    model = Delivery
    verbose_name_plural = _("deliveries")
    fields = ["page", "state", "attempts", "due_at", "ended_at", "remark"]
    readonly_fields = ["page", "state", "remark"]
    ordering = ["pk"]
    extra = 0
    can_delete = False
    hide_title = True

    @admin.display(description=_("channel"))
    def page(self, delivery: Delivery) -> SafeString:
        """Return the channel as a link to the delivery."""
        address = reverse("admin:notifications_delivery_change", args=[delivery.pk])
        return link(address, delivery.get_channel_display())

    @admin.display(description=_("status"))
    def state(self, delivery: Delivery) -> SafeString:
        """Return the status as a badge."""
        return badge(delivery.status, delivery.get_status_display())

    @admin.display(description=_("why"))
    def remark(self, delivery: Delivery) -> str:
        """Return why it was skipped, or failed last."""
        return delivery.skipped_because or delivery.last_error


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
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
        (
            _("To whom, of what"),
            {"fields": [("recipient", "type"), "event", ("created_at", "expires_at", "read_at")]},
        ),
    ]
    readonly_fields = ["page_link"]
    inlines = [DeliveriesOfNotification]

    class Media:
        """Styles from static files alone."""

        css = {"all": ["workflows/admin.css"]}

    @admin.display(description=_("page"))
    def page_link(self, notification: Notification) -> SafeString:
        """Return the address to look at, as a link."""
        return format_html('<a href="{}" rel="noreferrer">{}</a>', notification.link, notification.link)
