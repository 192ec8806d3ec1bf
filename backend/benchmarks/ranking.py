"""How long does it take to rank 200 candidates, by regressions and by trees over them?"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

import numpy as np

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.processor_time import Taken, measure_time
from backend.matching.learning.artifact import Artifact
from backend.matching.learning.training import Examples, train
from backend.matching.parts import describe_parts
from backend.matching.policy import rank_candidates
from backend.matching.ranking import COLUMNS, ExpertWeights, Ranker
from backend.matching.values import Candidate, Request
from workflows import clock

__all__ = ["TITLE", "measure"]

CANDIDATES, EXAMPLES, LOOKS = 200, 20_000, 400
TITLE = f"Ranking {CANDIDATES} candidates: probabilities, discount, order; and their parts as a decision keeps them"


def measure() -> Iterator[Measurement]:
    """Yield for each kind of model the time of `rank_candidates`, and of writing down all parts afterwards."""
    chance = np.random.default_rng(44)
    candidates = [
        _candidate(number, row) for number, row in enumerate(chance.random((CANDIDATES, len(COLUMNS))))
    ]
    models: Mapping[str, Ranker] = {
        "experts' weights": ExpertWeights(),
        "learned regressions": _train(chance, with_trees=False).as_model("learned/1"),
        "trees over regressions": _train(chance, with_trees=True).as_model("learned/2"),
    }
    experts_ms = 0.0
    for name, model in models.items():
        ranked, described = _measure_model(model, candidates)
        processor_ms = percentile([one.processor_ms for one in ranked], 50)
        experts_ms = experts_ms or processor_ms
        yield Measurement(
            name,
            {
                "p50 ms": percentile([one.clock_ms for one in ranked], 50),
                "CPU p50 ms": processor_ms,
                "CPU : experts'": processor_ms / experts_ms,
                "their parts, CPU p50 ms": percentile([one.processor_ms for one in described], 50),
            },
        )


def _measure_model(model: Ranker, candidates: list[Candidate]) -> tuple[list[Taken], list[Taken]]:
    request = Request(1, 52.52, 13.405, None, "en", "flexible", clock.now(), None, "L-1")
    ranked, described = [], []
    for _look in range(LOOKS):
        ranked.append(measure_time(lambda: rank_candidates(request, candidates, model=model)))
        ranking = rank_candidates(request, candidates, model=model)
        described.append(
            measure_time(lambda: [describe_parts(one.parts) for one in ranking.ranked])  # noqa: B023  called at once
        )
    return ranked, described


def _train(chance: np.random.Generator, *, with_trees: bool) -> Artifact:
    """Train on a market by chance: what trees cost does not depend on what they say."""
    rows = np.column_stack([np.ones(EXAMPLES), chance.random((EXAMPLES, len(COLUMNS) - 1))])
    outcomes = (chance.random(EXAMPLES) < 1 - 0.6 * rows[:, COLUMNS.index("distance_ratio")]).astype(float)
    examples = Examples(rows, outcomes)
    return train(examples, examples, with_trees=with_trees)[0]


def _candidate(number: int, row: np.ndarray) -> Candidate:
    return Candidate(
        provider_id=number,
        user_id=number,
        company_name=f"Company {number}",
        distance_km=10 * float(row[1]),
        open_offers=number % 5,
        open_offers_max=5,
        last_offered_at=clock.now() - datetime.timedelta(hours=number),
        offers_total=number,
        features=dict(zip(COLUMNS[1:], row[1:].tolist(), strict=True)),
    )
