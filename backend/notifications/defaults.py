"""Which channels a type takes unless its recipient chose otherwise, and who gets which types."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from backend.notifications.kinds import DeliveryChannel, NotificationType

__all__ = ["TYPES_OF", "Audience", "is_fixed", "is_on_by_default"]

_TYPE = NotificationType


class Audience(enum.Enum):
    """As what somebody gets notifications; whoever is staff is nothing else."""

    STAFF = "staff"
    PROVIDER = "provider"
    CLIENT = "client"


TYPES_OF: Mapping[Audience, tuple[NotificationType, ...]] = MappingProxyType(
    {
        Audience.STAFF: (_TYPE.SYSTEM, _TYPE.REMINDER),
        Audience.PROVIDER: (
            _TYPE.LEAD_ASSIGNED,
            _TYPE.LEAD_VERIFIED,
            _TYPE.QUOTE_RESPONSE,
            _TYPE.CREDIT_PURCHASE,
            _TYPE.DEPOSIT_VERIFIED,
            _TYPE.REMINDER,
            _TYPE.SYSTEM_UPDATE,
        ),
        Audience.CLIENT: (_TYPE.QUOTE_RECEIVED, _TYPE.REMINDER, _TYPE.SYSTEM_UPDATE),
    }
)
"""The types that each audience can get, in the order in which they are shown."""

# An SMS costs money and interrupts: only for what cannot wait.
_BY_SMS = frozenset({_TYPE.LEAD_ASSIGNED, _TYPE.REMINDER})


def is_fixed(channel: DeliveryChannel) -> bool:
    """Return whether nobody can switch the channel off: the inbox is where everything can be looked up."""
    return channel == DeliveryChannel.IN_APP


def is_on_by_default(type_: NotificationType, channel: DeliveryChannel, *, is_staff: bool) -> bool:
    """Return whether a type takes a channel (which may be unavailable: no phone, no webhook) by default.

    Staff read ``system`` in the admin, where they work: "a new lead" would be a mail for each lead.  A lead that
    waits too long is a ``reminder``, and that is mailed.  Whoever wants the mails switches them on.
    """
    if channel == DeliveryChannel.EMAIL:
        return not (is_staff and type_ == _TYPE.SYSTEM)
    if channel == DeliveryChannel.SMS:
        return type_ in _BY_SMS
    return True
