"""``manage.py simulate_routing replay``: past leads under other terms or another model.  Only reads the database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from tqdm import tqdm

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

__all__ = ["HELP", "add_arguments", "run"]

HELP = "make the first decisions of the last days anew: under a draft of the terms, another model, or as it is now"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--days", type=int, default=30, help="how far back (30)")
    parser.add_argument("--terms", type=int, metavar="ID", help="a version of the terms, such as a draft")
    parser.add_argument("--model", type=int, metavar="ID", help="a ranking model")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.svg", help="draw the estimates with their intervals"
    )


def run(options: dict[str, Any], *, stdout: OutputWrapper, stderr: OutputWrapper) -> None:
    """Replay and print.

    Raises: CommandError when there is no such version or model, too little to judge by, or no place for the plot.
    """
    report = _replay(options, stderr=stderr)
    stdout.write(json.dumps(report.to_json(), indent=2) if options["json"] else format_table(report))
    if options["plot"]:
        _write(draw_plot(report), options["plot"])
        stderr.write(f"wrote {options['plot']}")


def _replay(options: dict[str, Any], *, stderr: OutputWrapper) -> ReplayReport:
    if options["days"] < 1:
        raise CommandError("Say at least one day with --days.")
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
        file=stderr,
    )
    try:
        return replay(period, alternative, decisions=decisions)
    except TooFewLeads as error:
        raise CommandError(f"{error} Say more days with --days.") from error


def _make_alternative(options: dict[str, Any]) -> Alternative:
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


def _write(document: str, path: Path) -> None:
    try:
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
