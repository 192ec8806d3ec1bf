"""The app of the hand-written version: installed in the benchmarks' settings alone."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["HandwrittenConfig"]


class HandwrittenConfig(AppConfig):
    """Connects the receivers, as an app does."""

    name = "backend.benchmarks.handwritten"
    label = "handwritten"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect them."""
        from backend.benchmarks.handwritten import receivers  # noqa: F401  connects them
