"""All rankings over one log, side by side: each sees the same, and no more than was known at each opening."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backend.matching.evaluation.baselines import BASELINES, CountRanking
from backend.matching.evaluation.conditional_logit import Choice
from backend.matching.evaluation.errors import SplitRefused, TimeRanOut
from backend.matching.evaluation.evidence import Described, Evidence
from backend.matching.evaluation.log_file import LoggedRequest
from backend.matching.evaluation.models import LearnedRankings, list_model_names
from backend.matching.evaluation.stream import Opened, Resolved, replay

__all__ = ["NEVER", "Contest", "ContestRules", "Verdicts"]

# The rank of a provider that is no candidate: it has resolved nothing yet.
NEVER = np.inf

# The share of the requests before the split that only fill the counts: features of an empty past teach nothing.
WARM_UP_SHARE = 0.15

# As many requests are learned from at most, the latest; they are what takes memory.
CHOICES_MAX = 12_000


@dataclass(frozen=True, slots=True)
class ContestRules:
    """How a contest is run.  ``split`` is the number of the first request that is judged.

    ``seconds_max`` ends the judging early; None: never.
    """

    split: int
    refit_days: float = 7.0
    with_trees: bool = True
    seconds_max: float | None = None


@dataclass(slots=True)
class Verdicts:
    """For each request judged: when it was opened, and the rank each ranking gave to who resolved it."""

    days: list[float] = field(default_factory=list)
    ranks: dict[str, list[float]] = field(default_factory=dict)
    candidates: int = 0
    fits: int = 0


class Contest:
    """One run over one log."""

    def __init__(self, requests: Sequence[LoggedRequest], rules: ContestRules) -> None:
        self._requests = requests
        self._rules = rules
        self._evidence = Evidence()
        self._baselines = {
            name: CountRanking(levels, half_life_days=half_life)
            for name, (levels, half_life) in BASELINES.items()
        }
        self._learned = LearnedRankings(with_trees=rules.with_trees)
        self._described: dict[int, Described] = {}  # what ranking saw of requests whose outcome is not known
        self._choices: deque[Choice] = deque(maxlen=CHOICES_MAX)
        self._fitted_at = -np.inf
        names = (*BASELINES, *list_model_names(with_trees=rules.with_trees))
        self._verdicts = Verdicts(ranks={name: [] for name in names})

    def run(self, *, advance: Callable[[], object] = lambda: None) -> Verdicts:
        """Go through the log; ``advance`` is called after each request.

        Raises: TimeRanOut when the time is up before a request was judged; SplitRefused when nothing that was
        resolved before the split can be learned from.
        """
        started_at = time.monotonic()
        for event in replay(self._requests):
            if isinstance(event, Resolved):
                self._learn(event)
                continue
            if self._is_time_up(started_at):
                break
            self._meet(event)
            advance()
        if not self._verdicts.days:
            raise TimeRanOut(
                f"No request was judged within {self._rules.seconds_max:g} s; allow more with --limit-time."
            )
        return self._verdicts

    def _learn(self, event: Resolved) -> None:
        self._evidence.learn(event)
        provider = self._evidence.providers.enter(event.outcome.provider)
        for baseline in self._baselines.values():
            baseline.learn(event, provider=provider)
        described = self._described.pop(event.opened.number, None)
        if described is not None:
            places = np.flatnonzero(described.shortlist == provider)
            if len(places):
                self._choices.append(Choice(described.features, int(places[0])))

    def _meet(self, opened: Opened) -> None:
        """Describe a request; from the split on, judge every ranking by it."""
        described = self._evidence.describe(opened)
        if opened.number >= WARM_UP_SHARE * self._rules.split:
            self._described[opened.number] = described
        if len(self._described) > CHOICES_MAX:
            self._described.pop(next(iter(self._described)))
        if opened.number >= self._rules.split:
            self._fit_when_due(opened.day)
            self._judge(opened, described)

    def _fit_when_due(self, day: float) -> None:
        if day < self._fitted_at + self._rules.refit_days:
            return
        if not self._choices:
            raise SplitRefused("Nothing can be learned: too little was resolved before the split.")
        self._learned.fit(list(self._choices))
        self._fitted_at = day
        self._verdicts.fits += 1

    def _judge(self, opened: Opened, described: Described) -> None:
        """Look at who resolved the request, now that every ranking has its order."""
        orders: dict[str, Iterable[int]] = {
            name: baseline.order(opened) for name, baseline in self._baselines.items()
        }
        orders |= {name: order.tolist() for name, order in self._learned.order(described).items()}
        provider = self._evidence.providers.find(self._requests[opened.number].provider)
        for name, order in orders.items():
            self._verdicts.ranks[name].append(_rank(provider, order))
        self._verdicts.days.append(opened.day)
        self._verdicts.candidates = len(self._evidence.providers)

    def _is_time_up(self, started_at: float) -> bool:
        limit = self._rules.seconds_max
        return limit is not None and time.monotonic() - started_at > limit


def _rank(provider: int | None, order: Iterable[int]) -> float:
    """Return the place of a provider in an order, from 1."""
    return next((float(place) for place, one in enumerate(order, start=1) if one == provider), NEVER)
