"""Plan the deliveries of notifications: all of a batch with the same few statements."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from backend.jobs.queue import enqueue_many
from backend.notifications.delivery_plan import PlannedDelivery, plan_notification
from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Notification,
    Receiver,
)
from backend.notifications.selectors.recipients import find_recipients
from workflows import clock

__all__ = ["plan_deliveries"]


@transaction.atomic
def plan_deliveries(notification_ids: Collection[int]) -> None:
    """Write the deliveries of notifications, and enqueue those that are due; those that are there stay as they are."""
    at = clock.now()
    planned = list(_plan(notification_ids, at=at))
    _write_receivers(planned)
    # Planned twice (a worker that died, two that compete): the rows of the first time stay.
    Delivery.objects.bulk_create(planned, ignore_conflicts=True)
    written = Delivery.objects.filter(key__in=[delivery.key for delivery in planned])
    _deliver(list(written.only("pk", "channel", "status", "due_at", "is_digest")), at=at)


def _plan(notification_ids: Collection[int], *, at: datetime.datetime) -> Iterator[Delivery]:
    notifications = list(Notification.objects.filter(pk__in=notification_ids).order_by("pk"))
    recipients = find_recipients({notification.recipient_id for notification in notifications})
    for notification in notifications:
        for plan in plan_notification(notification, recipients[notification.recipient_id], at=at):
            yield _delivery(notification, plan, at=at)


def _delivery(notification: Notification, plan: PlannedDelivery, *, at: datetime.datetime) -> Delivery:
    delivery = Delivery(notification=notification, channel=plan.channel, created_at=at)
    if plan.channel == DeliveryChannel.IN_APP:
        delivery.status = Delivery.Status.DELIVERED
        delivery.attempts = 1
        delivery.started_at = delivery.ended_at = at
    elif reason := plan.skipped_because or _too_old(notification, at=at):
        delivery.status = Delivery.Status.SKIPPED
        delivery.skipped_because = reason
        delivery.ended_at = at
    else:
        assert plan.due_at is not None
        delivery.due_at, delivery.is_digest = plan.due_at, plan.is_digest
        delivery.receiver_id = plan.receiver
        delivery.give_up_at = plan.due_at + settings.DELIVERY_GIVE_UP_AFTER
        delivery.attempts_max = settings.DELIVERY_ATTEMPTS_MAX
    return delivery


def _too_old(notification: Notification, *, at: datetime.datetime) -> str:
    """Return a reason for what was written long ago: after a long standstill nobody wants the news of last week."""
    if notification.created_at + settings.DELIVERY_GIVE_UP_AFTER >= at:
        return ""
    return _("It was too old when it was planned.")


def _write_receivers(planned: Sequence[Delivery]) -> None:
    # By name: two planners that make the same receivers wait for each other in one order.
    channels = {delivery.receiver_id: delivery.channel for delivery in planned if delivery.receiver_id}
    receivers = [
        Receiver(name=name, in_flight_max=settings.DELIVERIES_IN_FLIGHT_MAX[channels[name]])
        for name in sorted(channels)
    ]
    Receiver.objects.bulk_create(receivers, ignore_conflicts=True)


def _deliver(written: Sequence[Delivery], *, at: datetime.datetime) -> None:
    """Note the attempts of what is in the inbox; enqueue what is due.  What is due later a sweep takes up."""
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=delivery,
            number=1,
            started_at=at,
            ended_at=at,
            outcome=DeliveryAttempt.Outcome.DELIVERED,
        )
        for delivery in written
        if delivery.channel == DeliveryChannel.IN_APP
    )
    due = [
        each.pk for each in written if each.due_at is not None and each.due_at <= at and not each.is_digest
    ]
    enqueue_many("notifications.deliver", [{"delivery_id": pk} for pk in due])
