"""The app of background work."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Configuration of the background work."""

    name = "backend.jobs"
    label = "jobs"
    verbose_name = "Jobs"
