"""The app of the project itself: its commands, and the wiring of the other apps."""

from __future__ import annotations

from django.apps import AppConfig


class ProCompareConfig(AppConfig):
    """Configuration of the project's own app."""

    name = "backend.procompare"
    label = "procompare"
    verbose_name = "ProCompare"

    def ready(self) -> None:
        """Keep the groups of the staff roles in line with their table."""
        from backend.procompare import role_groups

        role_groups.connect()
