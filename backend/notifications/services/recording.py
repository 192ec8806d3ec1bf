"""Write what came of an attempt: delivered, to be tried again later, or dead."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from backend.jobs.queue import enqueue
from backend.jobs.retry import backoff_s
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import Delivery, DeliveryAttempt, Receiver, WebhookEndpoint
from backend.notifications.services.claiming import Claim
from backend.notifications.services.receivers import (
    hand_out_next,
    lock_receiver,
    note_failure,
    note_success,
)
from workflows import clock

__all__ = ["end_as_dead", "end_attempts", "record", "schedule_retry"]


@transaction.atomic(durable=True)
def record(claim: Claim, failure: DeliveryFailed | None) -> None:
    """Write the outcome of a claim: ``failure`` None means delivered.

    An attempt that took so long that it was given up meanwhile is left as it is: another one is on its way.
    """
    at = clock.now()
    deliveries = [each for each in _lock(claim) if each.attempts == claim.attempts[each.pk]]
    receiver = lock_receiver(claim.receiver)
    if failure is None:
        _succeed(deliveries, at=at)
        note_success(receiver)
    else:
        _fail(deliveries, failure, at=at)
        note_failure(receiver, failure, at=at)
        _note_at_webhook(receiver, failure, at=at)
    hand_out_next(receiver, at=at)


def end_attempts(
    deliveries: Sequence[Delivery], outcome: DeliveryAttempt.Outcome, detail: str, *, at: datetime.datetime
) -> None:
    """Write the outcome of the running attempt of each delivery: one statement."""
    DeliveryAttempt.objects.filter(delivery__in=deliveries, outcome="running").update(
        outcome=outcome, ended_at=at, detail=detail[:300]
    )


def schedule_retry(
    deliveries: Sequence[Delivery], detail: str, *, at: datetime.datetime
) -> datetime.datetime | None:
    """Have failed deliveries tried again, later each time; those that had all their attempts are dead.

    They were one message, and those that are left are due together: they are one again.  Return when; None when all
    are dead.
    """
    left = [delivery for delivery in deliveries if delivery.attempts < delivery.attempts_max]
    if len(left) < len(deliveries):
        end_as_dead([delivery for delivery in deliveries if delivery not in left], detail, at=at)
    if not left:
        return None
    due_at = at + datetime.timedelta(seconds=_wait_s(left[0]))
    ids = [delivery.pk for delivery in left]
    Delivery.objects.filter(pk__in=ids).update(
        status="waiting", due_at=due_at, sending_since=None, last_error=detail[:300]
    )
    return due_at


def end_as_dead(deliveries: Sequence[Delivery], detail: str, *, at: datetime.datetime) -> None:
    """Give deliveries up for good: from now on they are staff's."""
    ids = [delivery.pk for delivery in deliveries]
    Delivery.objects.filter(pk__in=ids).update(
        status="dead", due_at=None, sending_since=None, ended_at=at, last_error=detail[:300], told_at=None
    )


def _lock(claim: Claim) -> list[Delivery]:
    # Ordered: the sweep may lock the same ones.
    locked = Delivery.objects.select_for_update(no_key=True)
    return list(locked.filter(pk__in=claim.attempts, status="sending").order_by("pk"))


def _succeed(deliveries: Sequence[Delivery], *, at: datetime.datetime) -> None:
    end_attempts(deliveries, DeliveryAttempt.Outcome.DELIVERED, "", at=at)
    ids = [delivery.pk for delivery in deliveries]
    Delivery.objects.filter(pk__in=ids).update(
        status="delivered", sending_since=None, ended_at=at, last_error=""
    )


def _fail(deliveries: Sequence[Delivery], failure: DeliveryFailed, *, at: datetime.datetime) -> None:
    if not deliveries:
        return
    detail = str(failure)
    end_attempts(deliveries, DeliveryAttempt.Outcome.FAILED, detail, at=at)
    if failure.is_permanent:
        end_as_dead(deliveries, detail, at=at)
        return
    due_at = schedule_retry(deliveries, detail, at=at)
    if due_at is not None:
        _enqueue_again(deliveries[0], due_at)


def _enqueue_again(delivery: Delivery, due_at: datetime.datetime) -> None:
    if delivery.is_digest:
        recipient_id = delivery.notification.recipient_id
        enqueue("notifications.send_digest", run_at=due_at, recipient_id=recipient_id)
    else:
        enqueue("notifications.deliver", run_at=due_at, delivery_id=delivery.pk)


def _wait_s(delivery: Delivery) -> float:
    return backoff_s(
        # Counted anew when staff had it tried again.
        delivery.attempts - (delivery.attempts_max - settings.DELIVERY_ATTEMPTS_MAX),
        first_s=settings.DELIVERY_RETRY_FIRST_S,
        factor=settings.DELIVERY_RETRY_FACTOR,
        longest_s=settings.DELIVERY_RETRY_LONGEST_S,
    )


def _note_at_webhook(receiver: Receiver, failure: DeliveryFailed, *, at: datetime.datetime) -> None:
    """Show the failure to the owner of the webhook; one that is gone is switched off."""
    channel, _colon, endpoint_id = receiver.name.partition(":")
    if channel != "webhook":
        return
    changes = {"last_failure": str(failure)[:300], "last_failure_at": at}
    if failure.is_gone:
        changes["is_active"] = False
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(**changes)
