"""What is known at an opening of each candidate, as numbers that a ranking model weighs.

Candidates are the providers that have resolved something by then.  A first estimate orders them all
(``class_mixture``); the best of that order, the *shortlist*, are described in full and ordered by the models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.evaluation.class_mixture import CHAINS, CLASS_HALF_LIVES_DAYS, ClassMixture
from backend.matching.evaluation.fading_counts import FadingCounts, FloatArray
from backend.matching.evaluation.levels import COUNT_LEVELS, PACE_LEVELS, Level
from backend.matching.evaluation.log_file import Outcome
from backend.matching.evaluation.register import Register
from backend.matching.evaluation.stream import Opened, Resolved

__all__ = ["BACK_OFF_COLUMNS", "COLUMN_NAMES", "SHORTLIST_MAX", "Described", "Evidence"]

# How many candidates the models order; on the data this was tried on nearly nobody behind them was the one.
SHORTLIST_MAX = 32

# Days after which an event counts one half: hours, a day, two weeks, two months; and for each pace.
HALF_LIVES_DAYS = (0.15, 1.0, 14.0, 60.0)
PACE_HALF_LIVES_DAYS = (0.06, 0.2, 1.0, 20.0)

# What was resolved within this many days was resolved at once.
AT_ONCE_DAYS = 2 / 24

# Events as which the parent of a level counts; and what keeps logarithms finite.
SMOOTHING_EVENTS = 1.0
LEAST_SHARE = 1e-6

# Longest idle time told apart, in days, and what is added to it before the logarithm.
IDLE_DAYS_MAX = 60.0
IDLE_OFFSET_DAYS = 0.02


def _name_columns(kind: str, levels: Sequence[str], half_lives: Sequence[float]) -> list[str]:
    return [f"{kind} {level} {half_life:g} d" for level in levels for half_life in half_lives]


_LEVEL_NAMES = [level.name for level in COUNT_LEVELS]
_PACE_NAMES = [level.name for level in PACE_LEVELS]

# Every column is a logarithm of a share over that of its parent level, but the last three, which are idle times.
COLUMN_NAMES = (
    *_name_columns("count", _LEVEL_NAMES, HALF_LIVES_DAYS),
    *_name_columns("at once", _PACE_NAMES, PACE_HALF_LIVES_DAYS),
    *_name_columns("later", _PACE_NAMES, PACE_HALF_LIVES_DAYS),
    *_name_columns("class", [chain[-1].name for chain in CHAINS], CLASS_HALF_LIVES_DAYS),
    "idle, logarithm",
    "idle under 0.1 d",
    "idle under 1 d",
)

# Those that a plain logistic ranking over back-off counts has: every level, with a decay of 14 days.
BACK_OFF_COLUMNS = tuple(
    n for n, name in enumerate(COLUMN_NAMES) if name.startswith("count ") and name.endswith(" 14 d")
)


@dataclass(frozen=True, slots=True)
class Described:
    """The candidates for a request: all by first estimate, and a row of numbers for each of the shortlist."""

    order: NDArray[np.intp]
    features: NDArray[np.float32]

    @property
    def shortlist(self) -> NDArray[np.intp]:
        """Return those candidates that have a row in ``features``, in its order."""
        return self.order[: len(self.features)]


class Evidence:
    """Learns from outcomes as they become known, and describes candidates by them."""

    def __init__(self) -> None:
        self.providers = Register()
        self._classes = Register()
        self._counts = FadingCounts(HALF_LIVES_DAYS)
        self._paces = (FadingCounts(PACE_HALF_LIVES_DAYS), FadingCounts(PACE_HALF_LIVES_DAYS))
        self._mixture = ClassMixture()
        self._last_days: list[float] = []

    def learn(self, event: Resolved) -> None:
        """Take note of an outcome."""
        outcome, facts = event.outcome, event.opened.facts
        provider = self.providers.enter(outcome.provider)
        class_ = self._classes.enter((outcome.group, _is_at_once(outcome)))
        for level in COUNT_LEVELS:
            self._counts.add(level.key(facts), provider, day=event.day)
        pace = self._paces[0 if _is_at_once(outcome) else 1]
        for level in PACE_LEVELS:
            pace.add(level.key(facts), provider, day=event.day)
        self._mixture.learn(facts, class_=class_, provider=provider, day=event.day)
        if provider == len(self._last_days):
            self._last_days.append(event.day)
        self._last_days[provider] = event.day

    def describe(self, opened: Opened) -> Described:
        """Return the candidates for a request, as of its opening."""
        count = len(self.providers)
        if not count:
            return Described(np.empty(0, np.intp), np.empty((0, len(COLUMN_NAMES)), np.float32))
        mixture = self._mixture.estimate(
            opened.facts, class_count=len(self._classes), provider_count=count, day=opened.day
        )
        order = np.argsort(-mixture.mean(axis=0), kind="stable")
        features = self._measure(opened, order[:SHORTLIST_MAX], mixture)
        return Described(order, features.astype(np.float32))

    def _measure(self, opened: Opened, shortlist: NDArray[np.intp], mixture: FloatArray) -> FloatArray:
        places = np.full(len(self.providers), -1)
        places[shortlist] = np.arange(len(shortlist))
        blocks = [
            _compare_shares(COUNT_LEVELS, self._counts, opened, places, len(shortlist)),
            *(_compare_shares(PACE_LEVELS, pace, opened, places, len(shortlist)) for pace in self._paces),
            np.log(mixture[:, shortlist] + LEAST_SHARE).T,
            self._measure_idleness(shortlist, day=opened.day),
        ]
        return np.hstack(blocks)

    def _measure_idleness(self, shortlist: NDArray[np.intp], *, day: float) -> FloatArray:
        idle = np.array(
            [min(day - self._last_days[provider], IDLE_DAYS_MAX) for provider in shortlist.tolist()]
        )
        return np.stack([np.log(idle + IDLE_OFFSET_DAYS), idle < 0.1, idle < 1], axis=1)


def _is_at_once(outcome: Outcome) -> bool:
    return outcome.days_open < AT_ONCE_DAYS


def _compare_shares(
    levels: Sequence[Level], counts: FadingCounts, opened: Opened, places: NDArray[np.intp], length: int
) -> FloatArray:
    """Return log(share at a level / share at its parent) for each of the shortlist: 0 where a level saw nothing.

    A share is that of a Dirichlet prior with the parent's shares: (n + m · parent) / (N + m).
    """
    shares: dict[str | None, FloatArray] = {None: np.full((length, 4), 1 / len(places))}
    columns = []
    for level in levels:
        parent = shares[level.parent]
        shares[level.name] = _smooth(counts, level.key(opened.facts), opened.day, places, parent)
        columns.append(np.log((shares[level.name] + LEAST_SHARE) / (parent + LEAST_SHARE)))
    return np.hstack(columns)


def _smooth(
    counts: FadingCounts, key: object, day: float, places: NDArray[np.intp], parent: FloatArray
) -> FloatArray:
    faded = counts.read(key, day=day)
    if faded is None:
        return parent
    shares = SMOOTHING_EVENTS * parent
    rows = places[faded.items]
    shares[rows[rows >= 0]] += faded.counts[rows >= 0]
    smoothed: FloatArray = shares / (faded.counts.sum(axis=0) + SMOOTHING_EVENTS)
    return smoothed
