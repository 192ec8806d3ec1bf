"""The app of notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Configuration of the notifications."""

    name = "backend.notifications"
    label = "notifications"
    verbose_name = "Notifications"
