"""What one notification takes: over which channels it goes, when, or why not.  Rules without a database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.models import Notification
from backend.notifications.selectors.recipients import Recipient

__all__ = [
    "PlannedDelivery",
    "next_chance",
    "plan_notification",
    "receiver_name",
    "too_late_after_quiet_hours",
    "why_not",
]

_BEYOND_THE_INBOX = (DeliveryChannel.EMAIL, DeliveryChannel.SMS, DeliveryChannel.WEBHOOK)


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One channel for a notification: at ``due_at`` to ``receiver``, or not, with the reason.

    The inbox has neither: it is delivered by being written.
    """

    channel: DeliveryChannel
    due_at: datetime.datetime | None = None
    receiver: str | None = None
    is_digest: bool = False
    skipped_because: str = ""


def plan_notification(
    notification: Notification, recipient: Recipient, *, at: datetime.datetime
) -> Iterator[PlannedDelivery]:
    """Yield a delivery for each channel that is on, and for each that the recipient itself switched off.

    A channel that is off by default, or was never set up (no phone, no webhook), is not worth a row.
    """
    yield PlannedDelivery(DeliveryChannel.IN_APP)
    type_ = NotificationType(notification.type)
    for channel in _BEYOND_THE_INBOX:
        if not (recipient.is_on(type_, channel) or recipient.has_chosen(type_, channel)):
            continue
        if channel == DeliveryChannel.EMAIL or _is_set_up(recipient, channel):
            yield _plan_channel(channel, notification, recipient, at=at)


def why_not(recipient: Recipient, type_: NotificationType, channel: DeliveryChannel) -> str:
    """Return why a channel does not reach somebody with a type; empty when it does."""
    if not recipient.is_active:
        return _("The login is deactivated.")
    if not recipient.is_on(type_, channel):
        return _("Switched off by the recipient.")
    if not _is_set_up(recipient, channel):
        return _MISSING[channel]()
    return ""


def receiver_name(channel: DeliveryChannel, recipient: Recipient) -> str:
    """Return the name of who takes the delivery: a webhook is a receiver of its own."""
    if channel == DeliveryChannel.WEBHOOK and recipient.webhook is not None:
        return f"{channel.value}:{recipient.webhook.pk}"
    return channel.value


def _plan_channel(
    channel: DeliveryChannel, notification: Notification, recipient: Recipient, *, at: datetime.datetime
) -> PlannedDelivery:
    reason = why_not(recipient, NotificationType(notification.type), channel)
    if reason:
        return PlannedDelivery(channel, skipped_because=reason)
    due_at, is_digest = _when(channel, notification, recipient, at=at)
    if due_at is None:
        return PlannedDelivery(channel, skipped_because=too_late_after_quiet_hours())
    return PlannedDelivery(
        channel, due_at=due_at, receiver=receiver_name(channel, recipient), is_digest=is_digest
    )


def _when(
    channel: DeliveryChannel, notification: Notification, recipient: Recipient, *, at: datetime.datetime
) -> tuple[datetime.datetime | None, bool]:
    """Return when it is due, and whether in the digest; None when it must not come now and later is too late."""
    digest_at = recipient.rhythm.next_digest(at=at) if channel == DeliveryChannel.EMAIL else None
    if digest_at is not None and _still_makes_sense(notification, digest_at):
        return digest_at, True
    return next_chance(channel, notification, recipient, at=at), False


def next_chance(
    channel: DeliveryChannel, notification: Notification, recipient: Recipient, *, at: datetime.datetime
) -> datetime.datetime | None:
    """Return when the recipient may be disturbed: ``at`` or later; None when later is too late.

    A machine sleeps at no time, so a webhook knows no quiet hours.  An e-mail wakes nobody: rather one in the quiet
    hours than none.  An SMS does.
    """
    quiet_end = None if channel == DeliveryChannel.WEBHOOK else recipient.rhythm.quiet_end(at=at)
    if quiet_end is None:
        return at
    if _still_makes_sense(notification, quiet_end):
        return quiet_end
    return at if channel == DeliveryChannel.EMAIL else None


def too_late_after_quiet_hours() -> str:
    """Return the reason for what ``next_chance`` has None for."""
    return _("It would expire before the quiet hours end.")


def _still_makes_sense(notification: Notification, at: datetime.datetime) -> bool:
    return notification.expires_at is None or notification.expires_at > at


def _is_set_up(recipient: Recipient, channel: DeliveryChannel) -> bool:
    if channel == DeliveryChannel.EMAIL:
        return bool(recipient.email)
    if channel == DeliveryChannel.SMS:
        return bool(recipient.phone)
    return recipient.webhook is not None


_MISSING = {
    DeliveryChannel.EMAIL: lambda: _("There is no e-mail address."),
    DeliveryChannel.SMS: lambda: _("There is no telephone number."),
    DeliveryChannel.WEBHOOK: lambda: _("The webhook was switched off."),
}
