"""What a channel has to be, and which one is used: settings say so."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from backend.notifications.channels.envelope import Envelope
from backend.notifications.errors import OpenTransaction
from backend.notifications.kinds import DeliveryChannel

__all__ = ["Adapter", "adapter_for", "require_no_transaction"]


class Adapter(Protocol):
    """One way out.  It is made anew for each delivery, takes a bounded time, and is called in any thread."""

    def send(self, envelope: Envelope) -> None:
        """Deliver; returning means that the receiver has taken it.

        Raises: DeliveryFailed when it has not, or nobody knows; OpenTransaction when one is open.
        """


def adapter_for(channel: DeliveryChannel) -> Adapter:
    """Return the adapter that ``settings.DELIVERY_ADAPTERS`` names for a channel."""
    adapter: Adapter = import_string(settings.DELIVERY_ADAPTERS[channel])()
    return adapter


def require_no_transaction(channel: DeliveryChannel) -> None:
    """Raise: OpenTransaction when a transaction is open (the one around a whole test does not count)."""
    try:
        with transaction.atomic(durable=True):
            pass
    except RuntimeError:
        raise OpenTransaction(channel.value) from None
