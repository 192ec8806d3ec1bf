"""A lead that a provider was told of, and may claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.leads.models.decision import RoutingDecision
from backend.users.models import ProviderProfile
from workflows import clock

if TYPE_CHECKING:
    from backend.leads.models.lead import Lead

__all__ = ["LeadTip"]


class LeadTip(models.Model):
    """One provider's right to claim a place on one lead that it was told of; ``decision`` told it last.

    It stays when it is used: the offer that came of it says ``was_claimed``.
    """

    lead: models.ForeignKey[Lead, Lead] = models.ForeignKey(
        "leads.Lead", verbose_name=_("lead"), on_delete=models.PROTECT, related_name="tips"
    )
    provider = models.ForeignKey(
        ProviderProfile, verbose_name=_("provider"), on_delete=models.PROTECT, related_name="tips"
    )
    decision = models.ForeignKey(
        RoutingDecision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="tips"
    )
    created_at = models.DateTimeField(_("told"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("tip")
        verbose_name_plural = _("tips")
        ordering = ["-created_at", "-id"]
        constraints = [
            # A provider has one right to a place on a lead, however often it is told.
            models.UniqueConstraint(fields=["lead", "provider"], name="provider_is_told_once_of_a_lead"),
        ]
        indexes = [
            # What a provider may claim, newest first.
            models.Index(fields=["provider", "-created_at"], name="tip_by_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.lead.reference} → {self.provider}"
