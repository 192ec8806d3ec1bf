"""The admin of receivers: which server takes what it gets, which one is left alone, until when."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.notifications.admin.read_only import badge, link
from backend.notifications.models import Delivery, Receiver
from backend.notifications.services.dead_letters import resume_now
from backend.notifications.services.receivers import is_paused
from workflows import clock

__all__ = ["ReceiverAdmin"]


@admin.register(Receiver)
class ReceiverAdmin(ModelAdmin):
    """Receivers.  Planning makes them; people set how many deliveries they get at a time, and end a pause."""

    change_form_template = "notifications/admin/receiver_change_form.html"
    list_display = [
        "name",
        "state",
        "waiting",
        "in_flight_max",
        "failures_in_a_row",
        "paused_until",
        "last_failure_at",
        "last_error",
    ]
    list_filter = [
        ("paused_until", admin.EmptyFieldListFilter),
        ("last_failure_at", admin.DateFieldListFilter),
    ]
    list_per_page = 50
    ordering = ["name"]
    search_fields = ["name", "last_error"]
    fieldsets = [
        (None, {"fields": [("name", "in_flight_max"), "waiting_link"]}),
        (_("Lately"), {"fields": [("failures_in_a_row", "paused_until"), ("last_failure_at", "last_error")]}),
    ]
    readonly_fields = [
        "name",
        "waiting_link",
        "failures_in_a_row",
        "paused_until",
        "last_failure_at",
        "last_error",
    ]

    class Media:
        """Styles from static files alone."""

        css = {"all": ["workflows/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the receivers, each with how many deliveries wait for it."""
        waiting = (
            Delivery.objects.filter(receiver=OuterRef("name"), status="waiting")
            .order_by()
            .values("receiver")
            .annotate(count=Count("pk"))
        )
        receivers: QuerySet[Receiver] = super().get_queryset(request)
        return receivers.annotate(waiting_count=Coalesce(Subquery(waiting.values("count")), 0))

    def get_urls(self) -> list[Any]:
        """Return the pages of the admin, and the address of the button."""
        resume = self.admin_site.admin_view(self.resume_view)
        return [
            path("<int:receiver_id>/resume/", resume, name="notifications_receiver_resume"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: planning makes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: its deliveries name it."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        """Save what was changed by hand alone: a worker may pause the receiver at the same moment."""
        obj.save(update_fields=form.changed_data)

    def resume_view(self, request: HttpRequest, receiver_id: int) -> HttpResponse:
        """End the pause of a receiver.  Raises: PermissionDenied for whoever may not; Http404 when there is none."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("notifications.resume_receiver"):
            raise PermissionDenied
        receiver = get_object_or_404(Receiver, pk=receiver_id)
        resume_now(receiver)
        self.log_change(request, receiver, "Resumed.")
        self.message_user(request, _("What waits for it goes out now."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:notifications_receiver_change", args=[receiver.pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the state and, if it is paused, the button above the facts."""
        receiver = kwargs.get("obj")
        if receiver is not None:
            context["state_badge"] = self.state(receiver)
            context["may_resume"] = is_paused(receiver, at=clock.now()) and request.user.has_perm(
                "notifications.resume_receiver"
            )
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("state"))
    def state(self, receiver: Receiver) -> SafeString:
        """Return whether it is left alone, in words."""
        if is_paused(receiver, at=clock.now()):
            return badge("dead", str(_("Paused")))
        if receiver.failures_in_a_row:
            return badge("skipped", str(_("On trial")))
        return badge("delivered", str(_("Works")))

    @admin.display(description=_("waiting"), ordering="waiting_count")
    def waiting(self, receiver: Any) -> int:
        """Return how many deliveries wait for it."""
        count: int = receiver.waiting_count
        return count

    @admin.display(description=_("waiting"))
    def waiting_link(self, receiver: Any) -> SafeString:
        """Return how many deliveries wait for it, as a link to them."""
        address = reverse("admin:notifications_delivery_changelist")
        query = urlencode({"receiver__exact": receiver.name, "status__exact": "waiting"})
        return link(f"{address}?{query}", receiver.waiting_count)
