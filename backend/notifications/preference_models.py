"""How a person wants to be told: over which channels, when, and whereto."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.telephone import validate_phone
from workflows import clock

__all__ = ["ChannelChoice", "Digest", "Preferences", "WebhookEndpoint"]


class Digest(models.TextChoices):
    """How e-mails come."""

    INSTANT = "instant", _("One by one, at once")
    DAILY = "daily", _("Together, once a day")


class Preferences(models.Model):
    """When one person is told, and its telephone; whoever has no row has the defaults.

    Times are in the time zone of the person's provider profile, else in UTC.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_preferences",
    )
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True, help_text=_("No e-mail and no SMS from this time of day on.")
    )
    quiet_until = models.TimeField(
        _("quiet until"), null=True, blank=True, help_text=_("May lie on the next day.")
    )
    digest = models.CharField(_("e-mails"), max_length=10, choices=Digest.choices, default=Digest.INSTANT)
    digest_at = models.TimeField(_("daily e-mail at"), default=datetime.time(8, 0))
    phone = models.CharField(
        _("phone for SMS"),
        max_length=16,
        blank=True,
        validators=[validate_phone],
        help_text=_("With the country code; empty: no SMS."),
    )

    class Meta:
        verbose_name = _("notification preferences")
        verbose_name_plural = _("notification preferences")
        constraints = [
            # Quiet hours have both ends or none, and some length: else "quiet all day" and "never" look alike.
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (
                    models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~models.Q(quiet_from=models.F("quiet_until"))
                ),
                name="quiet_hours_have_two_ends",
                violation_error_message=_("Quiet hours need a beginning and an end that differ, or neither."),
            ),
            models.CheckConstraint(condition=models.Q(digest__in=Digest.values), name="digest_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}"


class ChannelChoice(models.Model):
    """One channel that one person switched on or off for one type; what is as by default has no row."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channel_choices"
    )
    type = models.CharField(_("type"), max_length=20, choices=NotificationType.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=DeliveryChannel.choices)
    is_on = models.BooleanField(_("on"))

    class Meta:
        verbose_name = _("choice of channel")
        verbose_name_plural = _("choices of channels")
        constraints = [
            # A channel is on or off, not both.
            models.UniqueConstraint(fields=["user", "type", "channel"], name="channel_is_chosen_once"),
            models.CheckConstraint(
                condition=models.Q(type__in=NotificationType.values), name="chosen_type_is_known"
            ),
            # The inbox is where everything can be looked up: nobody switches it off.
            models.CheckConstraint(
                condition=models.Q(
                    channel__in=[DeliveryChannel.EMAIL, DeliveryChannel.SMS, DeliveryChannel.WEBHOOK]
                ),
                name="inbox_is_no_choice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.type} · {self.channel}: {'on' if self.is_on else 'off'}"


class WebhookEndpoint(models.Model):
    """One address of one person's system that is called for each notification, signed with its own secret.

    Another address is another endpoint; the earlier one stays, switched off, for what was delivered to it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="webhook_endpoints",
    )
    url = models.URLField(_("address"), max_length=500)
    secret = models.CharField(_("secret"), max_length=100, help_text=_("What its signatures are made with."))
    is_active = models.BooleanField(_("active"), default=True)
    last_failure = models.CharField(_("last failure"), max_length=300, blank=True)
    last_failure_at = models.DateTimeField(_("failed"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-id"]
        constraints = [
            # A notification has one webhook delivery, so a person has one address at a time.
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(is_active=True), name="one_webhook_is_active"
            ),
        ]

    def __str__(self) -> str:
        return self.url
