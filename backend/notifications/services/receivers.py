"""How much a receiver may get at a time, and when it is left alone.

A delivery that finds its receiver full or paused just waits: its job ends at once, so that no worker is kept from
others.  When there is room again, the next ones are handed out: at the end of a delivery, at the end of a pause, and
by the sweep, should any of that have been lost.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Count, Q

from backend.jobs.queue import enqueue, enqueue_many
from backend.jobs.retry import backoff_s
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import Delivery, Receiver

__all__ = [
    "forgive",
    "hand_out_next",
    "has_room",
    "is_paused",
    "lock_receiver",
    "note_failure",
    "note_success",
]


def lock_receiver(name: str) -> Receiver:
    """Return a receiver under lock: whoever else would count what it has in flight waits."""
    return Receiver.objects.select_for_update(no_key=True).get(name=name)


def has_room(receiver: Receiver, *, at: datetime.datetime) -> bool:
    """Return whether a locked receiver may get one more now; when not, note that something waits."""
    if _room(receiver, at=at) > 0:
        return True
    if not receiver.is_backed_up:
        receiver.is_backed_up = True
        receiver.save(update_fields=["is_backed_up"])
    return False


def is_paused(receiver: Receiver | None, *, at: datetime.datetime) -> bool:
    """Return whether a receiver is left alone at an instant.  (When it was paused, it was noted as backed up.)"""
    return receiver is not None and receiver.paused_until is not None and receiver.paused_until > at


def hand_out_next(receiver: Receiver, *, at: datetime.datetime) -> None:
    """Enqueue the oldest due deliveries of a locked receiver that it has room for, if any were held back."""
    if not receiver.is_backed_up:
        return
    room = _room(receiver, at=at)
    if room <= 0:
        return
    due = Delivery.objects.filter(receiver=receiver, status="waiting", is_digest=False, due_at__lte=at)
    # One more than there is room for: to see whether this was all.
    ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[: room + 1])
    enqueue_many("notifications.deliver", [{"delivery_id": pk} for pk in ids[:room]])
    if len(ids) <= room:
        receiver.is_backed_up = False
        receiver.save(update_fields=["is_backed_up"])


def note_success(receiver: Receiver) -> None:
    """Trust a locked receiver fully again."""
    if receiver.failures_in_a_row or receiver.paused_until:
        forgive(receiver)


def forgive(receiver: Receiver) -> None:
    """Forget the failures of a locked receiver and end its pause."""
    receiver.failures_in_a_row = 0
    receiver.paused_until = None
    receiver.save(update_fields=["failures_in_a_row", "paused_until"])


def note_failure(receiver: Receiver, failure: DeliveryFailed, *, at: datetime.datetime) -> None:
    """Count a failure against a locked receiver; too many in a row pause it, each time for longer."""
    receiver.last_error = str(failure)[:300]
    receiver.last_failure_at = at
    if failure.is_of_receiver:
        receiver.failures_in_a_row += 1
        _pause(receiver, at=at)
    receiver.save()


def _pause(receiver: Receiver, *, at: datetime.datetime) -> None:
    beyond = receiver.failures_in_a_row - settings.RECEIVER_FAILURES_MAX
    if beyond < 0:
        return
    pause_s = backoff_s(
        beyond + 1,
        first_s=settings.RECEIVER_PAUSE_FIRST_S,
        factor=2,
        longest_s=settings.RECEIVER_PAUSE_LONGEST_S,
    )
    receiver.paused_until = at + datetime.timedelta(seconds=pause_s)
    receiver.is_backed_up = True
    enqueue("notifications.resume_receiver", run_at=receiver.paused_until, receiver=receiver.name)


def _room(receiver: Receiver, *, at: datetime.datetime) -> int:
    """Return how many more a receiver may get now.  One that failed just now is tried with one at a time."""
    if is_paused(receiver, at=at):
        return 0
    allowed = 1 if receiver.failures_in_a_row else receiver.in_flight_max
    return allowed - _count_in_flight(receiver)


def _count_in_flight(receiver: Receiver) -> int:
    """Return how many messages are on their way to a receiver; the deliveries of one digest are one message."""
    counts = Delivery.objects.filter(receiver=receiver, status="sending").aggregate(
        single=Count("pk", filter=Q(is_digest=False)),
        digests=Count("notification__recipient", filter=Q(is_digest=True), distinct=True),
    )
    return int(counts["single"]) + int(counts["digests"])
