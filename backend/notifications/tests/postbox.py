"""An adapter for tests that keeps what it gets, and what is planned to go to it at noon."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from backend.notifications.channels import Envelope
from backend.notifications.models import Delivery, Notification, Receiver
from backend.notifications.services import save_webhook_endpoint
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.services.sending import deliver
from backend.notifications.tests.factories import make_notification, make_user
from backend.users.models import User
from workflows import clock

__all__ = ["HOUR", "MINUTE", "NOON", "Postbox", "plan", "plan_email", "plan_webhook", "try_until_dead"]

NOON = datetime.datetime(2026, 1, 10, 12, tzinfo=datetime.UTC)
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


class Postbox:
    """Keeps what it gets, or fails as told; ``meanwhile`` is what another worker does while this one sends."""

    sent: list[Envelope] = []
    failure: BaseException | None = None
    meanwhile: Callable[[], object] | None = None

    def send(self, envelope: Envelope) -> None:
        if Postbox.failure is not None:
            raise Postbox.failure
        Postbox.sent.append(envelope)
        if Postbox.meanwhile is not None:
            Postbox.meanwhile()

    @classmethod
    def empty(cls) -> None:
        cls.sent, cls.failure, cls.meanwhile = [], None, None


def plan(user: User, **fields: Any) -> Notification:
    notification = make_notification(user, **fields)
    plan_deliveries([notification.pk])
    return notification


def plan_email(user: User | None = None, **fields: Any) -> Delivery:
    return plan(user or make_user(), **fields).deliveries.get(channel="email")


def plan_webhook(**fields: Any) -> Delivery:
    user = make_user(email="")
    save_webhook_endpoint(user, "https://hooks.example/in")
    return plan(user, **fields).deliveries.get(channel="webhook")


def try_until_dead(delivery: Delivery) -> list[datetime.datetime]:
    """Make every attempt at its time, and return the times."""
    times = []
    while (delivery := Delivery.objects.get(pk=delivery.pk)).status == "waiting":
        assert delivery.due_at is not None
        times.append(delivery.due_at)
        Receiver.objects.update(paused_until=None)
        with clock.at(delivery.due_at):
            deliver(delivery.pk)
    return times
