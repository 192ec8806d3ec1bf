"""``manage.py prepare``: bring the database and the static files up to date."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

__all__ = ["Command"]


class Command(BaseCommand):
    """Everything between an installed project and a running one; does nothing where nothing is to do."""

    help = (
        "Apply migrations, collect static files and, with --demo, fill an empty database with a demo market."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare ``--demo``."""
        parser.add_argument("--demo", action="store_true", help="fill the database if it has no leads yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps in their order."""
        self._say("database")
        call_command("migrate", interactive=False, verbosity=0)
        self._say("static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        if options["demo"]:
            self._say("demo data")
            call_command("seed_demo", "--if-empty")

    def _say(self, what: str) -> None:
        """Print what is being prepared; what takes long on the first run must not look stuck."""
        self.stdout.write(f"Preparing: {what} …")
        self.stdout.flush()
