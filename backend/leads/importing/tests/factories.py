"""What the tests of imports are made of: files, a market to import into, and the command as one calls it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django_fsm_log.models import StateLog

from backend.catalog.models import Category, City
from backend.leads.models import Lead, LeadAssignment, LeadContact, RoutingDecision
from backend.notifications.models import Notification

__all__ = ["Outcome", "count_rows", "import_leads", "make_catalogue", "write_file"]

MUMBAI = (19.076, 72.8777)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of the command printed; ``error`` is "" when it went well."""

    output: str
    problems: list[str]
    error: str

    def count(self, words: str) -> str:
        """Return the count that the summary prints after these words."""
        for line in self.output.splitlines():
            if line.strip().rsplit("  ", 1)[0].strip() == words:
                return line.rsplit(" ", 1)[1]
        raise AssertionError(f"{words!r} is not in:\n{self.output}")


def make_catalogue() -> Category:
    """Create plumbing (returned), tutoring, Mumbai, Thane, and a Frankfurt in each of two countries."""
    Category.objects.create(name="Tutoring and courses", slug="tutoring")
    cities = [("Mumbai", "IN", *MUMBAI), ("Thane", "IN", 19.2183, 72.9781)]
    cities += [("Frankfurt", "DE", 50.1109, 8.6821), ("Frankfurt", "US", 38.2009, -84.8733)]
    City.objects.bulk_create(
        City(name=name, country_code=country, latitude=latitude, longitude=longitude)
        for name, country, latitude, longitude in cities
    )
    return Category.objects.create(name="Plumbing", slug="plumbing")


def write_file(folder: Path, content: str | bytes, *, name: str = "leads.csv") -> Path:
    """Write a file, a text as UTF-8; return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def import_leads(path: Path, *arguments: Any) -> Outcome:
    """Call ``manage.py import_leads``."""
    stdout, stderr, error = io.StringIO(), io.StringIO(), ""
    try:
        call_command(
            "import_leads", str(path), *map(str, arguments), stdout=stdout, stderr=stderr, no_color=True
        )
    except CommandError as refused:
        error = str(refused)
    return Outcome(stdout.getvalue(), stderr.getvalue().splitlines(), error)


def count_rows() -> dict[str, int]:
    """Return how many rows there are of everything that an import writes."""
    models = (Lead, LeadContact, LeadAssignment, RoutingDecision, Notification, StateLog)
    return {model.__name__: model._base_manager.count() for model in models}
