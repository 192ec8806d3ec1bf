"""The app of bulk runs: one transition on many objects."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    """Configuration of the bulk runs."""

    name = "backend.bulk"
    label = "bulk"
    verbose_name = "Operations"
