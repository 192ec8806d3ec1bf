"""Reading notifications, how people want them, and what became of them."""

from backend.notifications.selectors.channel_table import ChannelCell, ChannelRow, channel_table
from backend.notifications.selectors.inbox import count_unread, list_inbox
from backend.notifications.selectors.recipients import (
    Recipient,
    find_quiet_ends,
    find_recipients,
    get_preferences,
    time_zone_of,
)
from backend.notifications.selectors.trouble import count_dead, count_paused

__all__ = [
    "ChannelCell",
    "ChannelRow",
    "Recipient",
    "channel_table",
    "count_dead",
    "count_paused",
    "count_unread",
    "find_quiet_ends",
    "find_recipients",
    "get_preferences",
    "list_inbox",
    "time_zone_of",
]
