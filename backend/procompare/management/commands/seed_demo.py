"""``manage.py seed_demo``: fill an empty database with a market to look at."""

from __future__ import annotations

import datetime
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from tqdm import tqdm

from backend.leads.models import Lead, LeadAssignment
from backend.notifications.models import Notification
from backend.procompare.demo.market import (
    HISTORY,
    MarketIsNotEmpty,
    MarketSize,
    build_market,
    why_not_empty,
)
from backend.procompare.demo_logins import DEMO_LOGINS
from backend.users.models import ProviderProfile
from workflows import WorkflowModel
from workflows.registry import state_field_of

__all__ = ["Command"]


class Command(BaseCommand):
    """Builds the demo market in one transaction and says what there is now."""

    help = "Fill an empty database with a demo market: staff, providers, and leads with months of history."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; the same seed and ``--as-of`` make the same market."""
        parser.add_argument("--seed", type=int, default=1, help="what chance starts from (1)")
        parser.add_argument("--providers", type=int, default=300, help="how many providers (300)")
        parser.add_argument("--leads", type=int, default=400, help="how many leads (400)")
        parser.add_argument(
            "--as-of",
            help="the last instant of the history, such as 2025-06-11T12:00:00Z (the last full hour)",
        )
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing where there are leads, providers or these logins",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the market.  Raises: CommandError when the database is not empty, or an argument is wrong."""
        if options["if_empty"] and why_not_empty():
            return
        started_at = time.monotonic()
        try:
            size = MarketSize(
                seed=options["seed"],
                providers=options["providers"],
                leads=options["leads"],
                as_of=_read_instant(options["as_of"]),
            )
            with tqdm(total=HISTORY.days, desc="Demo market", unit="day", disable=None, leave=False) as bar:
                build_market(size, on_day=bar.update)
        except (MarketIsNotEmpty, ValueError) as error:
            raise CommandError(str(error)) from error
        self._report(seconds=time.monotonic() - started_at)

    def _report(self, *, seconds: float) -> None:
        """Print what there is, by state, and who may log in."""
        for model in (ProviderProfile, Lead, LeadAssignment):
            self.stdout.write(_count_by_state(model))
        self.stdout.write(f"{Notification.objects.count()} notifications; made in {seconds:.1f} s")
        logins = ", ".join(f"{login.username} / {login.password}" for login in DEMO_LOGINS)
        self.stdout.write(f"Log in as (name / password): {logins}")


def _read_instant(text: str | None) -> datetime.datetime:
    """Return the instant that was named, in UTC if it has no zone of its own; None: the last full hour.

    Raises: ValueError when it is no date with a time.
    """
    if text is None:
        return timezone.now().replace(minute=0, second=0, microsecond=0)
    instant = parse_datetime(text)
    if instant is None:
        raise ValueError(f"Cannot read {text!r} as an instant; write it like 2025-06-11T12:00:00Z.")
    return instant.replace(tzinfo=datetime.UTC) if timezone.is_naive(instant) else instant


def _count_by_state(model: type[WorkflowModel]) -> str:
    """Return a line such as ``3 leads: 1 new, 2 won``, the states in their declared order."""
    field = state_field_of(model)
    rows: Any = model._base_manager.values_list(field.name)
    counts = dict(rows.annotate(Count("pk")).order_by())
    states = ", ".join(
        f"{counts[value]} {str(label).lower()}" for value, label in field.flatchoices if value in counts
    )
    return f"{sum(counts.values())} {model._meta.verbose_name_plural}: {states or 'none'}"
