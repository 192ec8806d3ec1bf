"""``manage.py simulate_routing``: try a routing policy before anybody is asked by it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.leads.management.routing_trials.estimates import EstimatesTrial
from backend.leads.management.routing_trials.market import MarketTrial
from backend.leads.management.routing_trials.replay import ReplayTrial
from backend.leads.management.routing_trials.trial import Trial

__all__ = ["Command"]

TRIALS: tuple[Trial, ...] = (MarketTrial(), ReplayTrial(), EstimatesTrial())


class Command(BaseCommand):
    """Hands over to the sub-command that is named."""

    help = "Try a routing policy before anybody is asked by it. See docs/how-to/try-a-routing-policy.md."
    requires_system_checks: list[str] = []  # a simulated market needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands, each with its options."""
        commands = parser.add_subparsers(dest="trial", required=True, metavar="TRIAL")
        for trial in TRIALS:
            trial.add_arguments(commands.add_parser(trial.name, help=trial.help))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the sub-command.  Raises: CommandError when what was asked for cannot be done."""
        trial = {trial.name: trial for trial in TRIALS}[options["trial"]]
        trial.run(options, write=self.stdout.write, tell=self.stderr.write)
