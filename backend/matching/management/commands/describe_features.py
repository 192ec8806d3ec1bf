"""``manage.py describe_features``: write the page of what ranking sees, or check that it is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.matching.feature_page import render_features

__all__ = ["Command"]


class Command(BaseCommand):
    """Writes ``docs/features.md``."""

    help = "Write docs/features.md from the features of ranking."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail if it is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the page.

        Raises: CommandError with ``--check``, when the page is not what the features say.
        """
        page = Path(settings.BASE_DIR) / "docs" / "features.md"
        if not options["check"]:
            page.write_text(render_features())
        elif not page.is_file() or page.read_text() != render_features():
            raise CommandError(f"{page} is out of date: run manage.py describe_features.")
