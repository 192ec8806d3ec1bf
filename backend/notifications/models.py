"""What people are told: one row per recipient and event; and, from their own modules, how it reaches them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.notifications.delivery_models import Delivery, DeliveryAttempt
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.preference_models import ChannelChoice, Digest, Preferences, WebhookEndpoint
from backend.notifications.receiver_models import Receiver
from workflows import clock

__all__ = [
    "ChannelChoice",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryChannel",
    "Digest",
    "Notification",
    "NotificationType",
    "Preferences",
    "Receiver",
    "WebhookEndpoint",
]


class Notification(models.Model):
    """One message to one person about one event.

    ``event`` is the key of what happened (``leads.lead:17:2``: machine, object, number of the event);
    ``path`` is the page to look at, below ``FRONTEND_URL``.  After ``expires_at`` it is
    delivered no longer (None: it always makes sense).
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recipient"),
        on_delete=models.CASCADE,
        related_name="notifications",
    )
    type = models.CharField(_("type"), max_length=20, choices=NotificationType.choices)
    event = models.CharField(_("event"), max_length=100)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    path = models.CharField(_("page"), max_length=200, default="/")
    created_at = models.DateTimeField(_("when"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("makes sense until"), null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-created_at", "-id"]
        constraints = [
            # Nobody is told twice of one event, whatever runs again.
            models.UniqueConstraint(fields=["recipient", "event"], name="event_is_told_once"),
            models.CheckConstraint(
                condition=models.Q(type__in=NotificationType.values), name="notification_type_is_known"
            ),
        ]
        indexes = [
            # The inbox of one person, newest first.
            models.Index(fields=["recipient", "-created_at"], name="inbox"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def link(self) -> str:
        """Return the address of the page to look at."""
        return f"{settings.FRONTEND_URL.rstrip('/')}{self.path}"
