"""Who looked at a client's contact, and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.leads.models.assignment import LeadAssignment
from workflows import Channel, clock

__all__ = ["ContactView"]


class ContactView(models.Model):
    """One time that a provider was shown the contact of a lead it had accepted; ``viewer`` is its login."""

    assignment = models.ForeignKey(
        LeadAssignment, verbose_name=_("offer"), on_delete=models.PROTECT, related_name="contact_views"
    )
    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("seen by"), on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("view of a contact")
        verbose_name_plural = _("views of contacts")
        ordering = ["-at", "-id"]
        indexes = [
            # Who has seen the contact of this offer's lead, latest first.
            models.Index(fields=["assignment", "-at"], name="contact_view_by_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.assignment} · {self.viewer}"
