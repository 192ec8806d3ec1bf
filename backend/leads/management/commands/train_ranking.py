"""``manage.py train_ranking``: learn from what providers did, and keep the model as a candidate."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from backend.leads.services.model_training import train_model
from backend.leads.services.ranking_examples import read_examples
from backend.matching.learning.artifact import TREES
from backend.matching.learning.training import TooFewExamples
from backend.matching.models import RankingModel
from workflows import clock

__all__ = ["Command"]

_STAGES = {"accept": "accepts the offer", "win": "wins once it has accepted"}
_COLUMNS = {"examples": "n", "log_loss": "log loss", "auc": "AUC", "calibration_error": "calibration error"}


class Command(BaseCommand):
    """Trains on answered offers; promoting is done by people, in the admin."""

    help = (
        "Train a ranking model on the answered offers of the last days; it ranks when somebody promotes it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=int, default=365, help="how far back offers count (365)")
        parser.add_argument(
            "--kind",
            choices=["logistic", "trees"],
            default="logistic",
            help="logistic: two regressions around the experts' weights; trees: gradient-boosted trees over them",
        )
        parser.add_argument("--note", default="", help="what to remember it by")
        parser.add_argument("--json", action="store_true", help="print the metrics as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, and print how well it predicts what it had not seen."""
        if options["days"] < 1:
            raise CommandError("Say at least one day with --days.")
        until = clock.now()
        examples = read_examples(until - timedelta(days=options["days"]), until)
        bar = tqdm(examples, desc="answered offers", unit="", disable=None, file=self.stderr)
        try:
            model = train_model(
                days=options["days"],
                note=options["note"],
                with_trees=options["kind"] == "trees",
                examples=bar,
            )
        except TooFewExamples as error:
            raise CommandError(f"{error} Nothing was saved.") from error
        if options["json"]:
            self.stdout.write(json.dumps({"model": str(model), **model.metrics}, indent=2))
        else:
            self.stdout.write("\n".join(_describe(model)))
            if options["kind"] == "trees" and model.artifact["kind"] != TREES:
                self.stdout.write("Too few offers for trees: it is the regressions alone.")


def _describe(model: RankingModel) -> Iterator[str]:
    yield f"{model}: trained on {model.examples:,} answered offers; judged on the last fifth of them."
    for stage, words in _STAGES.items():
        yield f"\nP({words})"
        yield "".join(f"{head:>20}" for head in ("", *_COLUMNS.values()))
        for who, found in model.metrics[stage].items():
            yield "".join(f"{cell:>20}" for cell in (who, *(_format(found[name]) for name in _COLUMNS)))
    yield "\nIt ranks nothing yet: promote it on its page in the admin, or try it in shadow first."


def _format(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:,d}" if isinstance(figure, int) else f"{figure:.4f}"
