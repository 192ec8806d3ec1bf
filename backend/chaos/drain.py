"""After the last fault: wait until everything that is on its way has come to its end."""

from __future__ import annotations

import time

from django.db import DatabaseError, connection

from backend.jobs.models import Job
from backend.jobs.queue import enqueue
from backend.leads.models import LeadAssignment
from backend.notifications.models import Delivery, Notification
from workflows import clock

__all__ = ["count_left", "drain"]

POLL_INTERVAL_S = 0.5
SWEEPS = ("leads.expire", "notifications.sweep_deliveries")


def drain(*, timeout_s: float) -> dict[str, int]:
    """Wait until nothing is on its way, or the time is over; return what still is, by kind."""
    deadline = time.monotonic() + timeout_s
    while True:
        left = _look()
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(POLL_INTERVAL_S)


def _look() -> dict[str, int]:
    try:
        left = count_left()
        if left:
            _sweep()
    except DatabaseError:
        # Connections that were ended before are noticed only now.
        connection.close()
        return {"database": 1}
    return left


def _sweep() -> None:
    """Have the sweeps come more often than they would."""
    for sweep in SWEEPS:
        if not Job.objects.filter(task_name=sweep, status="todo").exists():
            enqueue(sweep, timestamp=0)


def count_left() -> dict[str, int]:
    """Count what is on its way, by kind; what has come to its end is left out, and so are the ticks of timers."""
    left = {
        "jobs": Job.objects.filter(status__in=["todo", "doing"]).exclude(args__has_key="timestamp").count(),
        "deliveries": Delivery.objects.filter(status__in=["waiting", "sending"]).count(),
        "notifications": Notification.objects.filter(deliveries__isnull=True).count(),
        "offers": LeadAssignment._base_manager.filter(status="offered", expires_at__lte=clock.now()).count(),
    }
    return {kind: count for kind, count in left.items() if count}
