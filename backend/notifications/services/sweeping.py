"""Find what no job will move by itself.  Safe at any time, twice, late, and beside other sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from backend.jobs.queue import enqueue_many
from backend.jobs.selectors import list_waiting_arguments
from backend.notifications.models import Delivery, DeliveryAttempt
from backend.notifications.services.receivers import hand_out_next, lock_receiver
from backend.notifications.services.recording import end_as_dead, end_attempts, schedule_retry
from workflows import clock

__all__ = [
    "enqueue_digests",
    "give_up_old_deliveries",
    "hand_out_due_deliveries",
    "recover_abandoned_attempts",
    "resume_receiver",
]

BATCH = 500

# Of each receiver that is not paused the oldest that are due, as many as it takes at a time.
_DUE = """
SELECT next.id
FROM notifications_receiver AS receiver CROSS JOIN LATERAL (
    SELECT id FROM notifications_delivery
    WHERE receiver_id = receiver.name AND status = 'waiting' AND NOT is_digest AND due_at <= %(at)s
    ORDER BY due_at, id LIMIT receiver.in_flight_max
) AS next
WHERE receiver.paused_until IS NULL OR receiver.paused_until <= %(at)s
"""


@transaction.atomic
def recover_abandoned_attempts() -> int:
    """Have what a dead worker was sending tried again, and return how many: it may arrive twice, with one key."""
    at = clock.now()
    abandoned = list(
        # SKIP LOCKED: a worker that records its outcome right now has it.
        Delivery.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("notification")
        .filter(status="sending", sending_since__lt=at - settings.DELIVERY_ATTEMPT_TIMEOUT)
        .order_by("pk")[:BATCH]
    )
    detail = _("The worker died, or was silent for too long.")
    end_attempts(abandoned, DeliveryAttempt.Outcome.ABANDONED, detail, at=at)
    for message in _list_messages(abandoned):
        schedule_retry(message, detail, at=at)
    return len(abandoned)


@transaction.atomic
def give_up_old_deliveries() -> int:
    """End what waited too long, whatever it waited for, and return how many."""
    at = clock.now()
    old = list(
        Delivery.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(status="waiting", give_up_at__lte=at)
        .order_by("give_up_at")[:BATCH]
    )
    for delivery in old:
        end_as_dead([delivery], delivery.last_error or _("Its receiver took nothing in time."), at=at)
    return len(old)


@transaction.atomic
def hand_out_due_deliveries() -> int:
    """Enqueue what is due and has perhaps no job (quiet hours that ended), some of each receiver; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"at": clock.now()})
        due = {delivery_id for (delivery_id,) in cursor.fetchall()}
    # One whose job failed and comes again later gets no second one: every sweep would add one more.
    due -= {job["delivery_id"] for job in list_waiting_arguments("notifications.deliver")}
    enqueue_many("notifications.deliver", [{"delivery_id": pk} for pk in sorted(due)])
    return len(due)


@transaction.atomic
def enqueue_digests() -> int:
    """Enqueue the digest of everybody for whom something is due in it and no job waits; return how many."""
    due = Delivery.objects.filter(status="waiting", is_digest=True, due_at__lte=clock.now())
    recipients = set(due.order_by().values_list("notification__recipient", flat=True).distinct())
    recipients -= {job["recipient_id"] for job in list_waiting_arguments("notifications.send_digest")}
    enqueue_many("notifications.send_digest", [{"recipient_id": pk} for pk in sorted(recipients)])
    return len(recipients)


def _list_messages(deliveries: Sequence[Delivery]) -> Iterable[list[Delivery]]:
    """Return the deliveries by the message that they were sent in: those of one digest stay together."""
    messages: dict[tuple[str, int], list[Delivery]] = {}
    for delivery in deliveries:
        key = (
            ("digest of", delivery.notification.recipient_id)
            if delivery.is_digest
            else ("alone", delivery.pk)
        )
        messages.setdefault(key, []).append(delivery)
    return messages.values()


@transaction.atomic
def resume_receiver(name: str) -> None:
    """Let a receiver whose pause has ended be tried out; one that is still paused stays so."""
    hand_out_next(lock_receiver(name), at=clock.now())
