"""What is handed to a channel: plain values, so that sending asks no database."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from backend.notifications.kinds import DeliveryChannel, NotificationType

__all__ = ["Envelope", "EnvelopeItem"]


@dataclass(frozen=True, slots=True)
class EnvelopeItem:
    """One notification in an envelope; ``page`` is its address, ``signed_page`` the same without a login."""

    notification_id: int
    type: NotificationType
    event: str
    subject: str
    body: str
    page: str
    signed_page: str
    unsubscribe_page: str
    created_at: datetime.datetime
    expires_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing to send: to ``address`` (an e-mail address, a phone, a URL), one item or the many of a digest.

    ``key`` is the same at every attempt; ``secret`` is what a webhook is signed with.
    """

    key: str
    channel: DeliveryChannel
    address: str
    name: str
    items: tuple[EnvelopeItem, ...]
    secret: str = field(default="", repr=False)

    @property
    def first(self) -> EnvelopeItem:
        """Return the item, or the first of several."""
        return self.items[0]
