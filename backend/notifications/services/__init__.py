"""Telling people, and letting them say how they want to be told."""

from backend.notifications.services.announcing import (
    Message,
    Tally,
    mark_all_read,
    mark_read,
    notify,
    tallying,
)
from backend.notifications.services.preferences import (
    save_preferences,
    save_webhook_endpoint,
    set_channel_choice,
    unsubscribe,
)
from backend.notifications.services.trial_calls import try_webhook

__all__ = [
    "Message",
    "Tally",
    "mark_all_read",
    "mark_read",
    "notify",
    "save_preferences",
    "save_webhook_endpoint",
    "set_channel_choice",
    "tallying",
    "try_webhook",
    "unsubscribe",
]
