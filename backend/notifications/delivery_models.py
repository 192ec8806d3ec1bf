"""How a notification reaches its recipient: one delivery per channel, and every attempt at it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.notifications.kinds import DeliveryChannel
from backend.notifications.receiver_models import Receiver
from workflows import clock

__all__ = ["Delivery", "DeliveryAttempt"]


class Delivery(models.Model):
    """One notification over one channel, from planning to its end.

    ``key`` stays the same over all attempts: a receiver tells repeats by it.  It waits until ``due_at``, and when it
    has not succeeded by ``give_up_at`` or after ``attempts_max`` attempts it is dead: staff look at it.
    Its history is its attempts (docs/decisions/0020).
    """

    class Status(models.TextChoices):
        """From waiting over sending, any number of times, to an end."""

        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        DELIVERED = "delivered", _("Delivered")
        SKIPPED = "skipped", _("Skipped")
        DEAD = "dead", _("Dead")

    notification = models.ForeignKey(
        "notifications.Notification",
        verbose_name=_("notification"),
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    channel = models.CharField(_("channel"), max_length=10, choices=DeliveryChannel.choices)
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    receiver = models.ForeignKey(
        Receiver,
        verbose_name=_("receiver"),
        to_field="name",
        on_delete=models.PROTECT,
        related_name="deliveries",
        null=True,
        blank=True,
        db_index=False,
    )
    is_digest = models.BooleanField(_("in the daily e-mail"), default=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    give_up_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    attempts_max = models.PositiveIntegerField(_("attempts at most"), default=1)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    skipped_because = models.CharField(_("skipped because"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("planned"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("first attempt"), null=True, blank=True)
    sending_since = models.DateTimeField(_("sending since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    told_at = models.DateTimeField(_("staff were told"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        permissions = [("retry_delivery", "Can retry a delivery that died")]
        constraints = [
            # A notification goes over a channel once, however often it is planned.
            models.UniqueConstraint(fields=["notification", "channel"], name="channel_is_used_once"),
            models.CheckConstraint(
                condition=Q(channel__in=DeliveryChannel.values), name="delivery_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="waiting",
                    due_at__isnull=False,
                    sending_since__isnull=True,
                    ended_at__isnull=True,
                )
                | Q(
                    status="sending",
                    due_at__isnull=True,
                    sending_since__isnull=False,
                    ended_at__isnull=True,
                )
                | Q(
                    status__in=["delivered", "skipped", "dead"],
                    due_at__isnull=True,
                    sending_since__isnull=True,
                    ended_at__isnull=False,
                ),
                # What waits without a time, or is sent since nobody knows when, no sweep would ever find.
                name="delivery_can_be_found_again",
            ),
            # Whoever asks why something was not sent gets an answer.
            models.CheckConstraint(
                condition=Q(status="skipped") ^ Q(skipped_because=""), name="skipped_says_why"
            ),
            # What is to be sent has a receiver and an end: else it would wait for ever.
            models.CheckConstraint(
                condition=Q(channel="in_app")
                | Q(status="skipped")
                | Q(receiver__isnull=False, give_up_at__isnull=False),
                name="delivery_has_receiver_and_end",
            ),
            # Delivered, sent or dead of attempts: there was one.
            models.CheckConstraint(
                condition=~Q(status__in=["sending", "delivered"])
                | Q(attempts__gte=1, started_at__isnull=False),
                name="delivered_by_an_attempt",
            ),
        ]
        indexes = [
            # What a receiver may take next, oldest first.
            models.Index(
                fields=["receiver", "due_at", "id"],
                condition=Q(status="waiting", is_digest=False),
                name="delivery_waiting",
            ),
            # Whose daily e-mail is due.
            models.Index(
                fields=["due_at"], condition=Q(status="waiting", is_digest=True), name="delivery_in_digest"
            ),
            # What has waited too long.
            models.Index(fields=["give_up_at"], condition=Q(status="waiting"), name="delivery_give_up"),
            # How many a receiver has in flight; which of them a dead worker left.
            models.Index(
                fields=["receiver", "sending_since"], condition=Q(status="sending"), name="delivery_sending"
            ),
            # The dead ones, newest first: few among millions.
            models.Index(fields=["-id"], condition=Q(status="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.notification} · {self.get_channel_display()}"


class DeliveryAttempt(models.Model):
    """One attempt at a delivery.  ``abandoned``: its worker died, so nobody knows whether it arrived."""

    class Outcome(models.TextChoices):
        """What came of it."""

        RUNNING = "running", _("Running")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        ABANDONED = "abandoned", _("Abandoned")

    delivery = models.ForeignKey(
        Delivery,
        verbose_name=_("delivery"),
        on_delete=models.CASCADE,
        related_name="attempt_rows",
        db_index=False,  # the constraint below has one that starts with it
    )
    number = models.PositiveIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["number"]
        constraints = [
            # Two workers never make the same attempt.
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_is_made_once"),
            # Delivered is delivered: nothing is attempted after a success.
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(outcome="delivered"), name="delivery_succeeds_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="running", ended_at__isnull=True)
                | Q(outcome__in=["delivered", "failed", "abandoned"], ended_at__isnull=False),
                name="attempt_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_outcome_display()}"
