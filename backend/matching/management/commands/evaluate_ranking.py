"""``manage.py evaluate_ranking``: judge rankings on a log of requests, each beside the baselines."""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from backend.matching.evaluation.boosted_trees import is_available
from backend.matching.evaluation.contest import ContestRules
from backend.matching.evaluation.errors import EvaluationRefused
from backend.matching.evaluation.evaluate import evaluate
from backend.matching.evaluation.log_file import COLUMNS, FACTS, parse_split, read_log
from backend.matching.evaluation.plot import draw_plot
from backend.matching.evaluation.report import Report, format_json, format_table

__all__ = ["Command"]

DEFAULT_SPLIT = "0.8"


class Command(BaseCommand):
    """Reads a log as a stream, judges what comes after the split, and prints a table."""

    help = (
        "Judge rankings on a CSV log of requests: who resolved each, as each ranking would have had it from what was "
        f"known when it was opened. Needed columns: {', '.join(COLUMNS)}. See docs/how-to/evaluate-a-ranking.md."
    )
    requires_system_checks: list[str] = []  # it reads a file, and needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the options."""
        add = parser.add_argument
        add("log", type=Path, metavar="LOG.csv")
        add(
            "--split",
            default=DEFAULT_SPLIT,
            metavar="DATE|FRACTION",
            help="what is opened from here on is judged: 2016-04-18, or 0.8 for the last fifth (default: %(default)s)",
        )
        add("--json", action="store_true", help="print JSON instead of the table")
        add("--plot", type=Path, metavar="FILE.svg", help="draw hit@k, and hit@1 by week")
        add(
            "--refit-days",
            type=_parse_positive,
            default=7.0,
            metavar="DAYS",
            help="fit the models anew after so many days of the log (default: 7)",
        )
        add(
            "--limit-time",
            type=_parse_positive,
            metavar="SECONDS",
            help="stop judging after so many seconds; the report says how far it came",
        )
        add(
            "--hide",
            action="append",
            choices=FACTS,
            default=[],
            metavar="COLUMN",
            help="rank as if this was not known at the opening; may be given again",
        )
        add("--without-trees", action="store_true", help="leave the boosted trees out: quicker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate and print.  Raises: CommandError when the file, the split or the plot's place is refused."""
        try:
            report = self._evaluate(options)
        except EvaluationRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(format_json(report) if options["json"] else format_table(report))
        if options["plot"]:
            self._write_plot(report, options["plot"])

    def _evaluate(self, options: dict[str, Any]) -> Report:
        requests = read_log(options["log"], hidden=options["hide"])
        rules = ContestRules(
            split=parse_split(options["split"], requests),
            refit_days=options["refit_days"],
            with_trees=self._wants_trees(without=options["without_trees"]),
            seconds_max=options["limit_time"],
        )
        with tqdm(total=len(requests), unit=" requests", disable=None, leave=False) as bar:
            return evaluate(requests, rules, log=options["log"], advance=bar.update)

    def _wants_trees(self, *, without: bool) -> bool:
        """Say whether the trees take part; when they cannot, tell why and go on."""
        if without or is_available():
            return not without
        self.stderr.write(
            "Without boosted trees: LightGBM cannot be loaded. Install lightgbm, and libgomp (Debian: libgomp1)."
        )
        return False

    def _write_plot(self, report: Report, path: Path) -> None:
        try:
            path.write_text(draw_plot(report), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
        self.stderr.write(f"wrote {path}")


def _parse_positive(text: str) -> float:
    """Return a number above zero.  Raises: ArgumentTypeError when it is none."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"{text!r} is no number above 0")
    return number
