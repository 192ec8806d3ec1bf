"""``manage.py simulate_routing``: try ways of routing before they go live."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.leads.management.simulate_routing import replay

__all__ = ["Command"]

_SUBCOMMANDS = {"replay": replay}


class Command(BaseCommand):
    """Each sub-command is a module of ``simulate_routing`` with ``HELP``, ``add_arguments`` and ``run``."""

    help = "Try ways of routing before they go live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands with their options."""
        parsers = parser.add_subparsers(dest="subcommand", required=True)
        for name, module in _SUBCOMMANDS.items():
            module.add_arguments(parsers.add_parser(name, help=module.HELP))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the sub-command.  Raises: CommandError when it does."""
        _SUBCOMMANDS[options["subcommand"]].run(options, stdout=self.stdout, stderr=self.stderr)
