"""Seeded chance: the same seed draws the same market."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["Random", "chance_of", "draw", "jitter"]

Random = random.Random
T = TypeVar("T")


def chance_of(seed: int, stream: str) -> Random:
    """Return the generator of one part of the market: what one part draws does not move what others draw."""
    return Random(f"{seed}:{stream}")


def draw(chance: Random, weights: Mapping[T, float]) -> T:
    """Draw one key, each as likely as its weight."""
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def jitter(chance: Random, amount: float, *, share: float) -> float:
    """Return an amount made larger or smaller by chance; ``share`` 0.3: mostly within 30 %."""
    return amount * chance.lognormvariate(0, share)
