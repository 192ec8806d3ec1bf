"""Reading notifications: the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from backend.notifications.models import Notification

if TYPE_CHECKING:
    from backend.users.models import User

__all__ = ["count_unread", "list_inbox"]


def list_inbox(user: User) -> QuerySet[Notification]:
    """Return what a person was told, newest first."""
    return Notification.objects.filter(recipient=user).order_by("-created_at", "-id")


def count_unread(user: User) -> int:
    """Return how many notifications a person has not opened."""
    return Notification.objects.filter(recipient=user, read_at__isnull=True).count()
