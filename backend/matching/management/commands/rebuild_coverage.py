"""``manage.py rebuild_coverage``: write the whole coverage index anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from backend.matching.coverage import refresh_coverage
from backend.matching.models import ProviderLoad

__all__ = ["Command"]


class Command(BaseCommand):
    """Writes the coverage of every provider; for after bulk inserts, which send no signals."""

    help = "Write the coverage of every provider anew, as after a bulk insert."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, and print what there is now."""
        pieces = refresh_coverage(None)
        self.stdout.write(f"{pieces:,} pieces of coverage for {ProviderLoad.objects.count():,} providers")
