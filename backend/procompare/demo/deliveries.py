"""The deliveries of the demo market: what was told in the months past has long been delivered, and nothing is sent."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Notification,
    NotificationType,
    Receiver,
)
from backend.notifications.selectors import Recipient, find_recipients

__all__ = ["discard_jobs", "last_job_id", "note_deliveries"]

BATCH = 2000
EMAIL = DeliveryChannel.EMAIL
# From the commit to the server's answer.
TOOK = datetime.timedelta(seconds=2)


def last_job_id() -> int:
    """Return the id of the youngest job; 0 when there is none."""
    return ProcrastinateJob.objects.order_by("-id").values_list("id", flat=True).first() or 0


def discard_jobs(*, since: int) -> None:
    """Discard the jobs that the history enqueued after the one with that id: its mails would go out today."""
    ProcrastinateJob.objects.filter(id__gt=since)._raw_delete(ProcrastinateJob.objects.db)


def note_deliveries() -> None:
    """Write the deliveries of all notifications as a worker would have at the time."""
    Receiver.objects.get_or_create(
        name=EMAIL.value, defaults={"in_flight_max": settings.DELIVERIES_IN_FLIGHT_MAX[EMAIL]}
    )
    recipients = find_recipients(set(Notification.objects.values_list("recipient_id", flat=True)))
    notifications = Notification.objects.order_by("pk")
    deliveries = [
        delivery
        for notification in notifications
        for delivery in _deliveries_of(notification, recipients[notification.recipient_id])
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH)
    attempts = (
        DeliveryAttempt(
            delivery=delivery,
            number=1,
            started_at=delivery.created_at,
            ended_at=delivery.ended_at,
            outcome=DeliveryAttempt.Outcome.DELIVERED,
        )
        for delivery in deliveries
    )
    DeliveryAttempt.objects.bulk_create(attempts, batch_size=BATCH)


def _deliveries_of(notification: Notification, recipient: Recipient) -> Iterator[Delivery]:
    """Yield what went to the inbox, and by e-mail to whoever gets this type by e-mail."""
    yield _delivered(notification, DeliveryChannel.IN_APP, took=datetime.timedelta())
    if recipient.email and recipient.is_on(NotificationType(notification.type), EMAIL):
        mailed = _delivered(notification, EMAIL, took=TOOK)
        mailed.receiver_id = EMAIL.value
        mailed.give_up_at = notification.created_at + settings.DELIVERY_GIVE_UP_AFTER
        yield mailed


def _delivered(notification: Notification, channel: DeliveryChannel, *, took: datetime.timedelta) -> Delivery:
    at = notification.created_at
    return Delivery(
        notification=notification,
        channel=channel,
        status=Delivery.Status.DELIVERED,
        attempts=1,
        created_at=at,
        started_at=at,
        ended_at=at + took,
    )
