"""Tell people: write one notification per recipient and event, in the transaction of what happened."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from backend.jobs.queue import enqueue_many
from backend.notifications.models import Notification, NotificationType
from backend.users.models import User
from workflows import clock

__all__ = ["Message", "Tally", "mark_all_read", "mark_read", "notify", "tallying"]


# A job that plans more would hold its transaction for long.
PLANNED_TOGETHER_MAX = 500


@dataclass(slots=True)
class Tally:
    """How many notifications were written, those that were rolled back too."""

    written: int = 0


_tallies: ContextVar[tuple[Tally, ...]] = ContextVar("notifications_tallies", default=())


@dataclass(frozen=True, slots=True)
class Message:
    """One message before it is written; ``recipient_id`` is a user's, ``path`` lies below ``FRONTEND_URL``.

    After ``expires_at`` it makes no sense any more (the offer's end): then it is delivered no longer.
    """

    recipient_id: int
    type: NotificationType
    event: str
    subject: str
    path: str
    body: str = ""
    expires_at: datetime.datetime | None = None


def notify(messages: Iterable[Message]) -> Sequence[Notification]:
    """Write the notifications of an event and enqueue their planning: two statements, however many there are.

    Raises: django.db.IntegrityError when a recipient was told of the event before: then it is happening twice.
    """
    rows = [
        Notification(
            recipient_id=message.recipient_id,
            type=message.type,
            event=message.event,
            subject=message.subject[:200],
            body=message.body,
            path=message.path,
            expires_at=message.expires_at,
        )
        for message in messages
    ]
    if rows:
        Notification.objects.bulk_create(rows)
        _enqueue_planning([row.pk for row in rows])
        for tally in _tallies.get():
            tally.written += len(rows)
    return rows


def _enqueue_planning(notification_ids: Sequence[int]) -> None:
    starts = range(0, len(notification_ids), PLANNED_TOGETHER_MAX)
    enqueue_many(
        "notifications.plan_deliveries",
        [{"notification_ids": notification_ids[at : at + PLANNED_TOGETHER_MAX]} for at in starts],
    )


@contextlib.contextmanager
def tallying() -> Iterator[Tally]:
    """Count the notifications that are written meanwhile: a dry run says how many there would be."""
    tally = Tally()
    token = _tallies.set((*_tallies.get(), tally))
    try:
        yield tally
    finally:
        _tallies.reset(token)


def mark_read(notification: Notification) -> None:
    """Note when a notification was first opened; a second time changes nothing."""
    if notification.read_at is None:
        notification.read_at = clock.now()
        notification.save(update_fields=["read_at"])


def mark_all_read(user: User) -> int:
    """Note that a person has seen everything it was told, and return how much of that was unread."""
    unread = Notification.objects.filter(recipient=user, read_at__isnull=True)
    return unread.update(read_at=clock.now())
