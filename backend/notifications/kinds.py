"""What people are told of, and over which channels."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["DeliveryChannel", "NotificationType"]


class NotificationType(models.TextChoices):
    """The nine types; each has one producer, and there is no tenth."""

    LEAD_ASSIGNED = "lead_assigned", _("Lead assigned")
    LEAD_VERIFIED = "lead_verified", _("Lead to claim")
    QUOTE_RECEIVED = "quote_received", _("Quote received")
    QUOTE_RESPONSE = "quote_response", _("Quote answered")
    CREDIT_PURCHASE = "credit_purchase", _("Credits ordered")
    DEPOSIT_VERIFIED = "deposit_verified", _("Deposit verified")
    REMINDER = "reminder", _("Reminder")
    SYSTEM = "system", _("For staff")
    SYSTEM_UPDATE = "system_update", _("Something changed")


class DeliveryChannel(models.TextChoices):
    """The ways to a person.  (``workflows.Channel`` is another thing: the way a change came in.)"""

    IN_APP = "in_app", _("Inbox")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WEBHOOK = "webhook", _("Webhook")
