"""What can go wrong with notifications.

NotificationError
├── FixedChannel        somebody would switch off the inbox
├── DeliveryFailed      a channel could not deliver; it may be tried again, or not
└── OpenTransaction     somebody would send while a transaction is open: a mistake in the code
"""

from __future__ import annotations

__all__ = ["DeliveryFailed", "FixedChannel", "NotificationError", "OpenTransaction"]


class NotificationError(Exception):
    """Base of the errors of this app."""


class FixedChannel(NotificationError):
    """Cannot switch 'in_app' off: everything a person is told can be looked up there."""

    def __init__(self, channel: str) -> None:
        super().__init__(
            f"Cannot switch {channel!r} on or off: everything a person is told can be looked up there."
        )
        self.channel = channel


class DeliveryFailed(NotificationError):
    """Cannot deliver, for a reason that the message tells staff.

    ``is_permanent``: trying again would change nothing.  ``is_of_receiver``: others with the same receiver would fail
    as well (it does not answer), so it is left alone for a while.  ``is_gone``: the receiver asks never to be called
    again.  The message may repeat what a stranger's server said; a NUL in it, which no text of PostgreSQL may hold,
    is dropped.
    """

    def __init__(
        self, message: str, *, is_permanent: bool = False, is_of_receiver: bool = True, is_gone: bool = False
    ) -> None:
        super().__init__(message.replace("\0", ""))
        self.is_permanent = is_permanent or is_gone
        self.is_of_receiver = is_of_receiver
        self.is_gone = is_gone


class OpenTransaction(NotificationError):
    """Cannot send over … while a transaction is open: it would hold locks as long as a stranger's server likes."""

    def __init__(self, channel: str) -> None:
        super().__init__(
            f"Cannot send over {channel!r} while a transaction is open: it would hold locks for as long as a "
            "stranger's server likes, and what was sent could not be rolled back. Commit first."
        )
        self.channel = channel
