"""Training a ranking model from what providers did, and keeping it as a candidate."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Iterable
from typing import Any

from backend.leads.services.ranking_examples import Example, read_examples
from backend.matching.learning.training import Examples, Judgement, Trained, train
from backend.matching.models import RankingModel
from workflows import Channel, SystemActor, acting, clock

__all__ = ["train_model"]

TRAINING = SystemActor("training")


def train_model(
    *, days: int, note: str = "", with_trees: bool = False, examples: Iterable[Example] | None = None
) -> RankingModel:
    """Train on the offers of the last days and save the model as a candidate; it ranks nothing yet.

    ``with_trees``: gradient-boosted trees over the regressions.  ``examples`` None: those of the database.

    Raises: training.TooFewExamples when too few offers were answered: nothing is saved.
    """
    until = clock.now()
    since = until - datetime.timedelta(days=days)
    known = list(read_examples(since, until) if examples is None else examples)
    chosen = [one for one in known if one.won is not None]
    artifact, accept, win = train(
        Examples.of([one.features for one in known], [one.accepted for one in known]),
        Examples.of([one.features for one in chosen], [bool(one.won) for one in chosen]),
        with_trees=with_trees,
    )
    with acting(by=TRAINING, channel=Channel.COMMAND):
        model: RankingModel = RankingModel.objects.create(
            artifact=artifact.to_json(),
            metrics={"accept": _metrics_of(accept), "win": _metrics_of(win)},
            examples=len(known),
            trained_from_at=since,
            trained_until_at=until,
            note=note,
        )
    return model


def _metrics_of(trained: Trained) -> dict[str, Any]:
    metrics = {"learned": _in_json(trained.learned), "experts": _in_json(trained.experts)}
    return metrics | {"logistic": _in_json(trained.logistic)} if trained.logistic else metrics


def _in_json(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as JSON has it: what is no number is null."""
    values = dataclasses.asdict(judgement)
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in values.items()
    }
