"""The admin of deliveries: what went out, what did not and why; what died can be retried."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from backend.notifications.admin.read_only import ReadOnly, badge, link
from backend.notifications.models import Delivery, DeliveryAttempt
from backend.notifications.services.dead_letters import RETRY_PERMISSION, retry_deliveries
from backend.saved_views.admin import SavedViewsAdmin

__all__ = ["DeliveryAdmin"]

# More at once would be one long transaction; whoever wants more presses again.
RETRIED_TOGETHER_MAX = 5000


class AttemptsOfDelivery(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold writes no types
    """Every attempt at one delivery."""

    model = DeliveryAttempt
    verbose_name_plural = _("attempts")
    fields = ["number", "result", "started_at", "ended_at", "detail"]
    readonly_fields = ["result"]
    extra = 0
    can_delete = False
    hide_title = True

    @admin.display(description=_("outcome"))
    def result(self, attempt: DeliveryAttempt) -> SafeString:
        """Return the outcome as a badge."""
        return badge(attempt.outcome, attempt.get_outcome_display())


@admin.register(Delivery)
class DeliveryAdmin(SavedViewsAdmin, ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Deliveries.  Workers move them; people retry the dead ones."""

    change_form_template = "notifications/admin/delivery_change_form.html"
    list_display = [
        "subject",
        "recipient",
        "channel",
        "state",
        "attempts",
        "due_at",
        "ended_at",
        "remark",
    ]
    list_filter = [
        "status",
        "channel",
        "notification__type",
        "is_digest",
        ("created_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["notification__recipient"]
    list_per_page = 50
    ordering = ["-id"]
    search_fields = [
        "notification__subject",
        "notification__recipient__username",
        "notification__recipient__email",
        "receiver__name",
    ]
    search_help_text = _("Subject, recipient, receiver such as webhook:7, or the key of a delivery")
    actions = ["retry_selected"]
    inlines = [AttemptsOfDelivery]
    fieldsets = [
        (None, {"fields": [("notification_link", "recipient"), ("channel", "receiver", "way")]}),
        (_("When"), {"fields": [("created_at", "due_at", "give_up_at"), ("started_at", "ended_at")]}),
        (_("How it went"), {"fields": [("attempts", "attempts_max"), "remark", "key"]}),
    ]
    readonly_fields = ["notification_link", "recipient", "way", "remark"]

    class Media:
        """Styles from static files alone."""

        css = {"all": ["workflows/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the deliveries with what names them."""
        return super().get_queryset(request).select_related("notification__recipient")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Find by text, or by the whole key, as a receiver would name it."""
        try:
            return queryset.filter(key=uuid.UUID(search_term.strip())), False
        except ValueError:
            found: tuple[QuerySet[Delivery], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found

    def get_urls(self) -> list[Any]:
        """Return the pages of the admin, and the address of the retry button."""
        retry = self.admin_site.admin_view(self.retry_view)
        return [
            path("<int:delivery_id>/retry/", retry, name="notifications_delivery_retry"),
            *super().get_urls(),
        ]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may have dead deliveries tried again."""
        return request.user.has_perm(RETRY_PERMISSION)

    def retry_view(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        """Retry one delivery.  Raises: PermissionDenied for whoever may not; Http404 when there is none."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_retry_permission(request):
            raise PermissionDenied
        delivery = get_object_or_404(Delivery, pk=delivery_id)
        if retry_deliveries([delivery.pk]):
            self.log_change(request, delivery, "Retried.")
            self.message_user(request, _("It is tried again."), messages.SUCCESS)
        else:
            self.message_user(request, _("It is not dead (any more): nothing was changed."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:notifications_delivery_change", args=[delivery.pk]))

    @admin.action(description=_("Retry the dead ones"), permissions=["retry"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Ask, and after the answer have all dead ones of the selection tried again."""
        dead = queryset.filter(status=Delivery.Status.DEAD).order_by("pk")
        if "confirmed" not in request.POST:
            return self._ask(request, dead, selected=queryset.count())
        chosen = list(dead.order_by("pk")[:RETRIED_TOGETHER_MAX])
        count = retry_deliveries([delivery.pk for delivery in chosen])
        assert request.user.pk is not None  # nobody comes here without a login
        LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, change_message="Retried.")
        text = ngettext("%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, dead: QuerySet[Delivery], *, selected: int) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Retry dead deliveries"),
            "opts": self.opts,
            "media": self.media,
            "count": min(dead.count(), RETRIED_TOGETHER_MAX),
            "selected": selected,
            "examples": dead[:10],
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "ids": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "notifications/admin/retry_confirmation.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the state and, if it is dead, the button above the facts."""
        delivery = kwargs.get("obj")
        if delivery is not None:
            context["state_badge"] = self.state(delivery)
            context["may_retry"] = self.has_retry_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("subject"), ordering="notification__subject")
    def subject(self, delivery: Delivery) -> str:
        """Return what it is about."""
        return delivery.notification.subject

    @admin.display(description=_("recipient"), ordering="notification__recipient__username")
    def recipient(self, delivery: Delivery) -> str:
        """Return to whom it goes."""
        return str(delivery.notification.recipient)

    @admin.display(description=_("status"), ordering="status")
    def state(self, delivery: Delivery) -> SafeString:
        """Return the status as a badge."""
        return badge(delivery.status, delivery.get_status_display())

    @admin.display(description=_("why"))
    def remark(self, delivery: Delivery) -> str:
        """Return why it was skipped, or failed last."""
        return delivery.skipped_because or delivery.last_error or "–"

    @admin.display(description=_("comes"))
    def way(self, delivery: Delivery) -> str:
        """Return whether it is a message of its own."""
        return str(_("In the daily e-mail")) if delivery.is_digest else str(_("By itself"))

    @admin.display(description=_("notification"))
    def notification_link(self, delivery: Delivery) -> SafeString:
        """Return the notification as a link."""
        address = reverse("admin:notifications_notification_change", args=[delivery.notification_id])
        return link(address, delivery.notification)
