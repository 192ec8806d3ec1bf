"""What a person is told, over which channels: the table of its preferences page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from backend.notifications.defaults import TYPES_OF, is_fixed
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.selectors.recipients import Recipient, find_recipients
from backend.users.models import User

__all__ = ["ChannelCell", "ChannelRow", "channel_table"]


@dataclass(frozen=True, slots=True)
class ChannelCell:
    """One channel for one type: whether it is on, whether that can be changed, and what it lacks to be used.

    ``unavailable_because`` empty: it can be used.
    """

    channel: DeliveryChannel
    is_on: bool
    is_fixed: bool
    unavailable_because: str


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One type with its channels, in the order of ``DeliveryChannel``."""

    type: NotificationType
    cells: tuple[ChannelCell, ...]


def channel_table(user: User) -> tuple[ChannelRow, ...]:
    """Return a row for each type that the person can get (staff, providers and clients get different ones)."""
    recipient = find_recipients([user.pk])[user.pk]
    return tuple(
        ChannelRow(type_, tuple(_cell(recipient, type_, channel) for channel in DeliveryChannel))
        for type_ in TYPES_OF[recipient.audience]
    )


def _cell(recipient: Recipient, type_: NotificationType, channel: DeliveryChannel) -> ChannelCell:
    return ChannelCell(
        channel=channel,
        is_on=recipient.is_on(type_, channel),
        is_fixed=is_fixed(channel),
        unavailable_because=_lacking(recipient, channel),
    )


def _lacking(recipient: Recipient, channel: DeliveryChannel) -> str:
    if channel == DeliveryChannel.EMAIL and not recipient.email:
        return _("There is no e-mail address.")
    if channel == DeliveryChannel.SMS and not recipient.phone:
        return _("Give a telephone number first.")
    if channel == DeliveryChannel.WEBHOOK and recipient.webhook is None:
        return _("Give the address of your system first.")
    return ""
