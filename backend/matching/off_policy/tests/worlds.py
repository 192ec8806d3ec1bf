"""A small market whose truth is known: what estimates are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.matching.off_policy import Slate

__all__ = ["PLACES", "World", "draw_world"]

Vector = NDArray[np.float64]

PLACES = 3
_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class World:
    """One log, and what the target policy would truly have brought per lead on these leads."""

    slates: tuple[Slate, ...]
    truth: float


def draw_world(seed: int, *, leads: int, drawn: int) -> World:
    """Draw a log in which so many of the places were drawn by chance, and another ranking as the target.

    Providers accept by a law that neither of the two rankings, nor the model's prediction, knows all of.
    """
    chance = np.random.default_rng(seed)
    slates, truths = [], []
    for _lead in range(leads):
        skill = chance.normal(size=_CANDIDATES)
        accepts = _sigmoid(skill - 0.5 + 0.7 * chance.normal(size=_CANDIDATES))
        logged = _propensities(skill + chance.normal(size=_CANDIDATES), drawn=drawn)
        target = _propensities(skill, drawn=1)
        outcomes = (chance.random(_CANDIDATES) < accepts).astype(np.float64)
        offered = _draw(logged, chance)
        slates.append(Slate(logged, target, offered, outcomes, _sigmoid(skill - 0.5)))
        truths.append(float(target @ accepts))
    return World(tuple(slates), float(np.mean(truths)))


def _propensities(scores: Vector, *, drawn: int) -> Vector:
    """Return 1 for the best, and equal shares of the places drawn for all others."""
    chances = np.zeros(len(scores))
    order = np.argsort(-scores)
    sure, rest = order[: PLACES - drawn], order[PLACES - drawn :]
    chances[sure] = 1.0
    chances[rest] = drawn / len(rest)
    return chances


def _draw(chances: Vector, chance: np.random.Generator) -> NDArray[np.bool_]:
    """Draw with exactly these inclusion probabilities (Madow, 1949)."""
    ends = np.cumsum(chances)
    starts, start = ends - chances, chance.random()
    return np.floor(ends - start + 1e-12) > np.floor(starts - start + 1e-12)


def _sigmoid(log_odds: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
