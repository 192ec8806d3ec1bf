"""``manage.py load_catalogue``: write the categories and cities that come with the project."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from backend.catalog.services import load_catalogue

__all__ = ["Command"]


class Command(BaseCommand):
    """Loads the catalogue; again changes nothing but what the project's own tables have changed."""

    help = "Load the categories and the gazetteer that come with the project; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print how much there was."""
        loaded = load_catalogue()
        self.stdout.write(f"{loaded.categories} categories and {loaded.cities} cities are loaded.")
