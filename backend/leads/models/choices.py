"""What is chosen from on leads: how soon, and why one ends."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["CloseReason", "Urgency"]


class Urgency(models.TextChoices):
    """How soon the client needs the work."""

    FLEXIBLE = "flexible", _("Flexible")
    MONTH = "month", _("Within a month")
    WEEK = "week", _("Within a week")
    NOW = "now", _("At once")


class CloseReason(models.TextChoices):
    """Why a lead is rejected or cancelled."""

    NOT_GENUINE = "not_genuine", _("Not genuine")
    UNREACHABLE = "unreachable", _("Client cannot be reached")
    OUT_OF_SCOPE = "out_of_scope", _("Not what we serve")
    NO_LONGER_NEEDED = "no_longer_needed", _("No longer needed")
    OTHER = "other", _("Other")
