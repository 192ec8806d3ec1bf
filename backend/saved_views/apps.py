"""The app of saved views."""

from django.apps import AppConfig


class SavedViewsConfig(AppConfig):
    """Configuration of the saved views."""

    name = "backend.saved_views"
    label = "saved_views"
    verbose_name = "Saved views"
