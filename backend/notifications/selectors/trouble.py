"""How much of what people are told goes wrong."""

from __future__ import annotations

import datetime

from backend.notifications.models import Delivery, Receiver

__all__ = ["count_dead", "count_paused"]


def count_dead() -> int:
    """Return how many deliveries are dead; one statement."""
    return Delivery.objects.filter(status=Delivery.Status.DEAD).count()


def count_paused(*, at: datetime.datetime) -> int:
    """Return how many receivers are left alone at an instant; one statement."""
    return Receiver.objects.filter(paused_until__gt=at).count()
