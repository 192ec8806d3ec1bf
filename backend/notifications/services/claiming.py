"""Take deliveries up for an attempt: check once more that they still make sense, and write that they are being sent."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models, transaction
from django.utils.translation import gettext as _

from backend.notifications import relevance
from backend.notifications.channels import Envelope, EnvelopeItem
from backend.notifications.delivery_plan import (
    next_chance,
    receiver_name,
    too_late_after_quiet_hours,
    why_not,
)
from backend.notifications.links import page_address, signed_address, unsubscribe_address
from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Notification,
    NotificationType,
)
from backend.notifications.selectors.recipients import Recipient, find_recipients
from backend.notifications.services.receivers import hand_out_next, has_room, is_paused, lock_receiver
from workflows import clock

__all__ = ["Claim", "claim_delivery", "claim_digest"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one worker sends now: the envelope, and of each delivery in it the number of the attempt."""

    envelope: Envelope
    receiver: str
    attempts: dict[int, int]


@transaction.atomic(durable=True)
def claim_delivery(delivery_id: int) -> Claim | None:
    """Take one delivery up; None when there is nothing to send now.

    It may be not due, its receiver may have no room, or it may make no sense any more.
    """
    at = clock.now()
    due = _due(at).filter(pk=delivery_id, is_digest=False)
    return _claim(list(due), at=at)


@transaction.atomic(durable=True)
def claim_digest(recipient_id: int) -> Claim | None:
    """Take up all that is due in a recipient's digest, as one message; None when there is nothing to send now."""
    at = clock.now()
    due = _due(at).filter(notification__recipient=recipient_id, is_digest=True).order_by("pk")
    return _claim(list(due), at=at)


def _due(at: datetime.datetime) -> models.QuerySet[Delivery]:
    # Locked: two jobs of the same delivery make one attempt.  The notification is only read.
    return (
        Delivery.objects.select_for_update(of=("self",), no_key=True)
        .select_related("notification", "receiver")
        .filter(status="waiting", due_at__lte=at)
    )


def _claim(deliveries: Sequence[Delivery], *, at: datetime.datetime) -> Claim | None:
    # A look without a lock, so that the many that wait for a paused receiver cost one statement each.
    if not deliveries or is_paused(deliveries[0].receiver, at=at):
        return None
    recipient_id = deliveries[0].notification.recipient_id
    recipient = find_recipients([recipient_id])[recipient_id]
    sensible = [delivery for delivery in deliveries if _is_to_be_sent(delivery, recipient, at=at)]
    receiver = lock_receiver(_receiver_of(deliveries[0]))
    if not sensible:
        # It may have been handed out as the next one of a receiver that was backed up: then another is the next.
        hand_out_next(receiver, at=at)
        return None
    if not has_room(receiver, at=at):
        return None
    for delivery in sensible:
        _start(delivery, at=at)
    return Claim(
        envelope=_envelope(sensible, recipient),
        receiver=receiver.name,
        attempts={delivery.pk: delivery.attempts for delivery in sensible},
    )


def _is_to_be_sent(delivery: Delivery, recipient: Recipient, *, at: datetime.datetime) -> bool:
    """Return whether it is sent now; else it has been skipped, or postponed to the end of the quiet hours."""
    channel = DeliveryChannel(delivery.channel)
    reason = _why_not_any_more(delivery, recipient) or relevance.check(delivery.notification)
    if reason:
        return _skip(delivery, reason, at=at)
    if delivery.is_digest:
        return True
    chance = next_chance(channel, delivery.notification, recipient, at=at)
    if chance is None:
        return _skip(delivery, too_late_after_quiet_hours(), at=at)
    return chance <= at or _postpone(delivery, chance)


def _why_not_any_more(delivery: Delivery, recipient: Recipient) -> str:
    channel = DeliveryChannel(delivery.channel)
    reason = why_not(recipient, NotificationType(delivery.notification.type), channel)
    if not reason and receiver_name(channel, recipient) != delivery.receiver_id:
        return _("The webhook was replaced by another.")
    return reason


def _skip(delivery: Delivery, reason: str, *, at: datetime.datetime) -> bool:
    delivery.status = Delivery.Status.SKIPPED
    delivery.skipped_because = reason[:200]
    delivery.due_at, delivery.ended_at = None, at
    delivery.save(update_fields=["status", "skipped_because", "due_at", "ended_at"])
    return False


def _postpone(delivery: Delivery, until: datetime.datetime) -> bool:
    """A retry that would come in the quiet hours; the sweep takes it up when they end."""
    delivery.due_at = until
    delivery.save(update_fields=["due_at"])
    return False


def _start(delivery: Delivery, *, at: datetime.datetime) -> None:
    delivery.status = Delivery.Status.SENDING
    delivery.due_at, delivery.sending_since = None, at
    delivery.started_at = delivery.started_at or at
    delivery.attempts += 1
    delivery.save(update_fields=["status", "due_at", "sending_since", "started_at", "attempts"])
    DeliveryAttempt.objects.create(delivery=delivery, number=delivery.attempts, started_at=at)


def _receiver_of(delivery: Delivery) -> str:
    assert delivery.receiver_id is not None  # a constraint of the table
    return delivery.receiver_id


def _envelope(deliveries: Sequence[Delivery], recipient: Recipient) -> Envelope:
    channel = DeliveryChannel(deliveries[0].channel)
    webhook = recipient.webhook if channel == DeliveryChannel.WEBHOOK else None
    addresses = {DeliveryChannel.EMAIL: recipient.email, DeliveryChannel.SMS: recipient.phone}
    return Envelope(
        key=str(deliveries[0].key),
        channel=channel,
        address=webhook.url if webhook else addresses[channel],
        name=recipient.name,
        items=tuple(_item(delivery.notification, recipient) for delivery in deliveries),
        secret=webhook.secret if webhook else "",
    )


def _item(notification: Notification, recipient: Recipient) -> EnvelopeItem:
    type_ = NotificationType(notification.type)
    page = page_address(notification.path)
    return EnvelopeItem(
        notification_id=notification.pk,
        type=type_,
        event=notification.event,
        subject=notification.subject,
        body=notification.body,
        page=page,
        # Staff log in: the admin opens to no key.
        signed_page=page
        if recipient.is_staff
        else signed_address(notification.path, user_id=recipient.user_id),
        unsubscribe_page=unsubscribe_address(recipient.user_id, type_),
        created_at=notification.created_at,
        expires_at=notification.expires_at,
    )
