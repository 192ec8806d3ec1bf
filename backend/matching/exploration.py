"""Chance in the choice of providers: who may be drawn, how likely each is, and the draw itself.

A market that always asks the best it knows never learns of the others, and its log can judge no other policy.  So
some of the places are drawn, with probabilities that are known exactly and kept.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Exploration", "draw_systematically", "inclusion_probabilities", "uniform_of"]

# Sums of probabilities differ in their last digits from the whole number that they stand for.
_ROUNDING = 1e-12

# However low its score, nobody weighs nothing (this is e^-30 of the best): what cannot happen teaches nothing.
_FLOOR = -30.0


@dataclass(frozen=True, slots=True)
class Exploration:
    """How many places are drawn by chance, and how likely each provider is.

    ``share`` is the part of the places, 0..0.5.  A provider with fewer offers ever than ``new_below`` is new, and
    weighs ``new_weight`` times as much, and ``first_weight`` times that as long as it never had any: it is mostly the
    one that is drawn, so that nobody waits long for a first offer (docs/decisions/0043).  Weights are a softmax of the
    score: one that is ``temperature`` higher weighs e times as much.  Scores are chances to win, of some 0.02 to 0.2:
    at 0.05 the best of those left is some ten times as likely as the worst, and nobody is out of reach.

    Raises: ValueError when a value is out of its range.
    """

    share: float = 0.2
    new_below: int = 5
    new_weight: float = 50.0
    first_weight: float = 10.0
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 0.5:
            raise ValueError(f"Cannot draw a share of {self.share} of the places by chance: from 0 to 0.5.")
        if self.new_below < 0 or min(self.new_weight, self.first_weight, self.temperature) <= 0:
            raise ValueError(
                f"Cannot draw by {self}: weights and temperature are positive, a limit is not negative."
            )

    def count_places(self, places: int) -> int:
        """Return how many of the places are drawn: the share, rounded; what is half a place goes to the best."""
        return max(0, math.ceil(places * self.share - 0.5 - _ROUNDING))

    def weigh(self, scores: Sequence[float], *, offers_totals: Sequence[int]) -> list[float]:
        """Return how much each candidate weighs beside the others, by its score and the offers it ever had."""
        highest = max(scores, default=0.0)
        return [
            math.exp(max(_FLOOR, (score - highest) / self.temperature)) * self._novelty(offers_total)
            for score, offers_total in zip(scores, offers_totals, strict=True)
        ]

    def _novelty(self, offers_total: int) -> float:
        if offers_total >= self.new_below:
            return 1.0
        return self.new_weight if offers_total else self.new_weight * self.first_weight


def inclusion_probabilities(weights: Sequence[float], *, count: int) -> list[float]:
    """Return the probability of each to be among ``count`` drawn: as its weight, 1 where that would be more.

    Weights are positive.  The probabilities add up to ``count``, or to the number of weights where those are fewer.
    """
    certain = [False] * len(weights)
    while True:
        left = count - sum(certain)
        total = math.fsum(
            weight for weight, is_certain in zip(weights, certain, strict=True) if not is_certain
        )
        grown = [
            is_certain or left * weight >= total for weight, is_certain in zip(weights, certain, strict=True)
        ]
        if grown == certain or left <= 0:
            break
        certain = grown
    return [
        1.0 if is_certain else max(0, left) * weight / total
        for weight, is_certain in zip(weights, certain, strict=True)
    ]


def draw_systematically(probabilities: Sequence[float], *, start: float) -> list[int]:
    """Return the positions drawn when ``start`` is uniform in 0..1: each with exactly its probability.

    The probabilities are laid end to end, and whoever lies at start, start + 1, start + 2 … is drawn.  They add
    up to a whole number, and that many are drawn, whatever the start: Madow, "On the theory of systematic sampling,
    II", 1949.
    """
    drawn, reached, point = [], 0.0, start
    for position, probability in enumerate(probabilities):
        reached += probability
        if point < reached + _ROUNDING * (probability > 0):
            drawn.append(position)
            point += 1
    return drawn


def uniform_of(text: str) -> float:
    """Return a number from 0 up to 1 that looks drawn by chance, the same for the same text (SHA-256)."""
    digest = hashlib.sha256(text.encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / 2**53
