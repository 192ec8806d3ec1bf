"""The app of notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Configuration of the notifications."""

    name = "backend.notifications"
    label = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        """Register the checks."""
        from backend.notifications import checks  # noqa: F401  importing it registers them
