"""Who takes deliveries: the mail server, the SMS gateway, each webhook."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["Receiver"]


class Receiver(models.Model):
    """One server that deliveries go to (``email``, ``sms``, ``webhook:7``), and how it has behaved lately.

    A receiver that fails again and again is left alone until ``paused_until``; its deliveries wait meanwhile, and
    those of others do not.
    """

    name = models.CharField(_("receiver"), max_length=40, unique=True)
    in_flight_max = models.PositiveSmallIntegerField(
        _("at a time"), help_text=_("So many deliveries are sent to it at the same time, at most.")
    )
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), default=0)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    is_backed_up = models.BooleanField(
        _("backed up"), default=False, help_text=_("Deliveries came that it could not take yet.")
    )
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    last_failure_at = models.DateTimeField(_("failed"), null=True, blank=True)

    class Meta:
        verbose_name = _("receiver")
        verbose_name_plural = _("receivers")
        ordering = ["name"]
        permissions = [("resume_receiver", "Can resume a receiver")]
        constraints = [
            # None at a time would hold its deliveries back for ever, without a word.
            models.CheckConstraint(
                condition=models.Q(in_flight_max__gte=1), name="receiver_takes_one_at_least"
            ),
        ]

    def __str__(self) -> str:
        return self.name
