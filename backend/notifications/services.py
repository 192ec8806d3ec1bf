"""Tell people: write one notification per recipient and event, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import django.dispatch

from backend.notifications.models import Notification, NotificationType
from workflows import clock

__all__ = ["Message", "mark_read", "notifications_written", "notify"]

notifications_written = django.dispatch.Signal()
"""Sent with ``notifications`` (a list) inside the transaction that wrote them: where deliveries are enqueued."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message before it is written; ``recipient_id`` is a user's, ``path`` lies below ``FRONTEND_URL``."""

    recipient_id: int
    type: NotificationType
    event: str
    subject: str
    path: str
    body: str = ""


def notify(messages: Iterable[Message]) -> Sequence[Notification]:
    """Write the notifications of an event: one statement, however many there are.

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
        )
        for message in messages
    ]
    if rows:
        Notification.objects.bulk_create(rows)
        notifications_written.send(sender=Notification, notifications=rows)
    return rows


def mark_read(notification: Notification) -> None:
    """Note when a notification was first opened; a second time changes nothing."""
    if notification.read_at is None:
        notification.read_at = clock.now()
        notification.save(update_fields=["read_at"])
