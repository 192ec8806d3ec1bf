"""``manage.py simulate_routing replay``: past leads under other terms or another model.  Only reads the database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from backend.leads.management.routing_trials.trial import Write, parse_count, write_plot
from backend.leads.models import TermsVersion
from backend.leads.replay.alternative import Alternative, make_alternative
from backend.leads.replay.past_decisions import Period, count_decisions, read_decisions
from backend.leads.replay.plot import draw_plot
from backend.leads.replay.replaying import replay
from backend.leads.replay.report import ReplayReport
from backend.leads.replay.text import format_table
from backend.matching.learning.artifact import ArtifactUnreadable
from backend.matching.models import RankingModel
from backend.matching.off_policy import TooFewLeads
from workflows import clock

__all__ = ["ReplayTrial"]


class ReplayTrial:
    """Makes the first decisions of the last days anew; only reads the database."""

    name = "replay"
    help = "our own past leads: under a draft of the terms, by another model, or as it is now"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--days", type=parse_count, default=30, help="how far back (default: %(default)s)")
        add("--terms", type=int, metavar="ID", help="a version of the terms, such as a draft")
        add("--model", type=int, metavar="ID", help="a ranking model")
        add("--json", action="store_true", help="print JSON instead of the table")
        add("--plot", type=Path, metavar="FILE.svg", help="draw the estimates with their intervals")

    def run(self, options: Mapping[str, Any], *, write: Write, tell: Write) -> None:
        """Replay and print.

        Raises: CommandError when there is no such version or model, too little to judge by, or no place for the plot.
        """
        report = _replay(options)
        write(json.dumps(report.to_json(), indent=2) if options["json"] else format_table(report))
        if options["plot"]:
            write_plot(draw_plot(report), options["plot"], tell=tell)


def _replay(options: Mapping[str, Any]) -> ReplayReport:
    until = clock.now()
    period = Period(until - timedelta(days=options["days"]), until)
    alternative = _make_alternative(options)
    decisions = tqdm(
        read_decisions(period),
        total=count_decisions(period),
        desc="leads",
        unit="",
        disable=None,
        leave=False,
    )
    try:
        return replay(period, alternative, decisions=decisions)
    except TooFewLeads as error:
        raise CommandError(f"{error} Say more days with --days.") from error


def _make_alternative(options: Mapping[str, Any]) -> Alternative:
    try:
        return make_alternative(
            terms=TermsVersion.objects.get(pk=options["terms"]) if options["terms"] else None,
            model=RankingModel.objects.get(pk=options["model"]) if options["model"] else None,
        )
    except TermsVersion.DoesNotExist as error:
        raise CommandError(f"There is no version {options['terms']} of the terms.") from error
    except RankingModel.DoesNotExist as error:
        raise CommandError(f"There is no ranking model {options['model']}.") from error
    except ArtifactUnreadable as error:
        raise CommandError(str(error)) from error
