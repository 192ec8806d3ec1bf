"""The app that finds and ranks providers."""

from __future__ import annotations

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """Configuration of matching; connects the receivers that keep the coverage index up to date."""

    name = "backend.matching"
    label = "matching"
    verbose_name = "Matching"

    def ready(self) -> None:
        """Connect the receivers."""
        from backend.matching.signals import connect

        connect()
