"""People and messages for the tests of notifications."""

from __future__ import annotations

import itertools
from typing import Any

from backend.notifications.models import Notification, NotificationType
from backend.notifications.services import Message
from backend.users.models import ProviderProfile, User
from workflows import Channel, SystemActor, acting

_numbers = itertools.count(1)


def make_user(name: str = "", **fields: Any) -> User:
    name = name or f"user-{next(_numbers)}"
    return User.objects.create(username=name, **{"email": f"{name}@example.com", **fields})


def make_provider(name: str = "", *, time_zone: str = "UTC", company: str = "Pipes", **fields: Any) -> User:
    user = make_user(name, **fields)
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        ProviderProfile.objects.create(
            user=user, company_name=company, latitude=52.5, longitude=13.4, time_zone=time_zone
        )
    return user


def message(user: User, event: str = "leads.lead:1:2", **fields: Any) -> Message:
    values = {
        "type": NotificationType.LEAD_ASSIGNED,
        "subject": "An offer",
        "path": "/provider/offers/",
        **fields,
    }
    return Message(recipient_id=user.pk, event=event, **values)


def make_notification(user: User, event: str = "", **fields: Any) -> Notification:
    """One that was written without any job being enqueued for it."""
    values = {"type": NotificationType.LEAD_ASSIGNED, "subject": "An offer", "path": "/provider/offers/"}
    event = event or f"test:{next(_numbers)}"
    return Notification.objects.create(recipient=user, event=event, **{**values, **fields})
