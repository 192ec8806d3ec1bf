"""What died: staff are told, and may have it tried again."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import ngettext

from backend.jobs.queue import enqueue_many
from backend.notifications.models import Delivery, NotificationType, Receiver
from backend.notifications.services.announcing import Message, notify
from backend.notifications.services.receivers import forgive, hand_out_next, lock_receiver
from backend.users.selectors import list_staff_in
from workflows import clock

__all__ = ["resume_now", "retry_deliveries", "tell_staff_of_dead_deliveries"]

RETRY_PERMISSION = "notifications.retry_delivery"
# Begins the event of what staff are told here: if that dies, nobody is told of it, or it would never end.
_EVENT = "notifications.dead"
BATCH = 5000


@transaction.atomic
def tell_staff_of_dead_deliveries() -> int:
    """Tell those who may retry how many deliveries died since the last time, once for all; return how many."""
    at = clock.now()
    dead = Delivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        status="dead", told_at__isnull=True
    )
    rows = list(dead.order_by("pk").values_list("pk", "notification__event")[:BATCH])
    Delivery.objects.filter(pk__in=[pk for pk, _event in rows]).update(told_at=at)
    count = sum(not event.startswith(_EVENT) for _pk, event in rows)
    if count:
        _tell(count, event=f"{_EVENT}:{at.isoformat(timespec='microseconds')}")
    return count


@transaction.atomic
def retry_deliveries(delivery_ids: Collection[int]) -> int:
    """Have dead deliveries tried again, with as many attempts as at first, and return how many.

    What is not dead (any more) is left as it is: a second click is harmless.
    """
    at = clock.now()
    dead = Delivery.objects.select_for_update(no_key=True).filter(pk__in=delivery_ids, status="dead")
    rows = list(dead.order_by("pk").values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=rows).update(
        status="waiting",
        due_at=at,
        give_up_at=at + settings.DELIVERY_GIVE_UP_AFTER,
        attempts_max=F("attempts") + settings.DELIVERY_ATTEMPTS_MAX,
        ended_at=None,
        told_at=None,
        is_digest=False,  # whoever has it retried does not wait for tomorrow
    )
    enqueue_many("notifications.deliver", [{"delivery_id": pk} for pk in rows])
    return len(rows)


@transaction.atomic
def resume_now(receiver: Receiver) -> None:
    """End the pause of a receiver, whose fault is mended: what waits for it goes out."""
    locked = lock_receiver(receiver.name)
    forgive(locked)
    locked.is_backed_up = True
    hand_out_next(locked, at=clock.now())


def _tell(count: int, *, event: str) -> None:
    subject = ngettext("%(count)d delivery died", "%(count)d deliveries died", count) % {"count": count}
    notify(
        Message(
            recipient_id=user_id,
            type=NotificationType.SYSTEM,
            event=event,
            subject=subject,
            path="/admin/notifications/delivery/?status__exact=dead",
        )
        for user_id in list_staff_in(RETRY_PERMISSION)
    )
