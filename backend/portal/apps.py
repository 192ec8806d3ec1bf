"""The app of the pages: what providers see and do."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Configuration of the pages."""

    name = "backend.portal"
    label = "portal"
    verbose_name = "Pages"
