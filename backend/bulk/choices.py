"""What is expected of an object before a run, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["Outcome", "Outlook"]


class Outlook(models.TextChoices):
    """What would become of an object if the transition were run on it now."""

    UNKNOWN = "unknown", _("Not looked at yet")
    MOVES = "moves", _("Will move")
    STAYS = "stays", _("Stays as it is")


class Outcome(models.TextChoices):
    """What became of an object."""

    WAITING = "waiting", _("Waiting")
    MOVED = "moved", _("Moved")
    STAYS = "stays", _("Stayed")
    FAILED = "failed", _("Failed")
