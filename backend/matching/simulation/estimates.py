"""Whether estimates from logs are right: held against the truth, in simulated logs of which it is known.

Each run draws some leads from a season, has a policy make its offers, and estimates from that log alone what other
policies would have brought.  Their true value over all leads should lie in the stated 95 % interval in about 95 of 100
runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.matching.exploration import Exploration
from backend.matching.off_policy import Estimate, Slate, SlateSums, evaluate, sum_up
from backend.matching.policy import Balanced, Policy, TopN
from backend.matching.ranking import ExpertWeights, Ranker
from backend.matching.simulation.logged import KnownLog, LoggedDecision, TrueValue

__all__ = ["ESTIMATORS", "LOGS", "Coverage", "Trialled", "list_targets", "try_estimates"]

Vector = NDArray[np.float64]

ESTIMATORS = ("inverse_propensity", "self_normalised", "doubly_robust", "worst_case")
OUTCOMES = ("accepts", "wins")

LOGS: Mapping[str, Policy] = {
    "a fifth by chance": Balanced(Exploration()),
    "no chance": TopN(),
}
"""The policies that make the logs: as it is built in, and one of which little can be learned."""


@dataclass(frozen=True, slots=True)
class Trialled:
    """A policy whose value is estimated; ``model`` None: the one that made the log."""

    name: str
    policy: Policy
    model: Ranker | None = None


def list_targets() -> tuple[Trialled, ...]:
    """Return the policies to estimate: less chance, more of it, and another model."""
    return (
        Trialled("best first", TopN()),
        Trialled("two fifths by chance", Balanced(Exploration(share=0.4))),
        Trialled("experts' weights", Balanced(Exploration()), ExpertWeights()),
    )


@dataclass(slots=True)
class Coverage:
    """How an estimator did: over the runs, errors of its values, widths of its intervals, and hits of the truth."""

    log: str
    target: str
    outcome: str
    estimator: str
    truth: float
    hits: int = 0
    errors: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, estimate: Estimate) -> None:
        """Count one run."""
        self.hits += estimate.low <= self.truth <= estimate.high
        self.errors.append(estimate.value - self.truth)
        self.widths.append(estimate.high - estimate.low)

    @property
    def runs(self) -> int:
        """Return how many runs there were."""
        return len(self.errors)

    @property
    def bias(self) -> float:
        """Return how far the values lie off on the average."""
        return float(np.mean(self.errors))

    @property
    def width(self) -> float:
        """Return how wide the intervals are on the average."""
        return float(np.mean(self.widths))


def try_estimates(
    known: KnownLog, *, runs: int, leads: int, advance: Callable[[int], object] = lambda _count: None
) -> list[Coverage]:
    """Return how each estimator did, for each log, target and outcome; every run has so many leads of all known."""
    return [
        coverage
        for log, policy in LOGS.items()
        for coverage in _try_log(known, log, policy, runs=runs, leads=leads, advance=advance)
    ]


@dataclass(frozen=True, slots=True)
class _Target:
    """A target with how likely it offers to each candidate of each decision."""

    name: str
    chances: Sequence[Vector]
    truth: TrueValue


def _try_log(
    known: KnownLog, log: str, policy: Policy, *, runs: int, leads: int, advance: Callable[[int], object]
) -> Iterator[Coverage]:
    """Yield how each estimator did over logs of one policy."""
    trials = [_Trial(target, outcome, log) for target in _know_targets(known) for outcome in OUTCOMES]
    for run in range(runs):
        chosen = np.random.default_rng(run).choice(len(known.decisions), size=leads, replace=False).tolist()
        drawn = list(known.draw(policy, seed=run, among=chosen))
        for trial in trials:
            trial.add(drawn, chosen)
        advance(1)
    for trial in trials:
        yield from trial.coverages


def _know_targets(known: KnownLog) -> list[_Target]:
    return [
        _Target(
            one.name,
            known.list_propensities(one.policy, model=one.model),
            known.true_value(one.policy, model=one.model),
        )
        for one in list_targets()
    ]


class _Trial:
    """One target and one outcome, estimated from log after log."""

    def __init__(self, target: _Target, outcome: str, log: str) -> None:
        self._target, self._outcome = target, outcome
        truth = getattr(target.truth, outcome)
        self.coverages = [Coverage(log, target.name, outcome, name, truth) for name in ESTIMATORS]

    def add(self, drawn: Sequence[LoggedDecision], chosen: Sequence[int]) -> None:
        chances = [self._target.chances[position] for position in chosen]
        found = evaluate(list(_sum_up_all(drawn, chances, self._outcome)))
        for coverage in self.coverages:
            coverage.add(getattr(found, coverage.estimator))


def _sum_up_all(
    drawn: Sequence[LoggedDecision], chances: Sequence[Vector], outcome: str
) -> Iterator[SlateSums]:
    for one, target in zip(drawn, chances, strict=True):
        happened = one.accepted if outcome == "accepts" else one.won
        predicted = one.predicted_accepts if outcome == "accepts" else one.predicted_wins
        yield sum_up(Slate(one.propensities, target, one.offered, happened.astype(np.float64), predicted))
