"""Chance that belongs to a lead and a provider, whichever policy brings them together.

Common random numbers: two policies on one market differ by whom they ask, and never by luck.  A draw is a hash of
seed, stream, lead and provider (SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
2014), so that it needs no memory and no order.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stream", "draw_gumbel", "draw_normal", "draw_uniform"]

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Stream(IntEnum):
    """What a draw decides; draws of two streams know nothing of each other."""

    ACCEPTANCE = 1
    RESPONSE = 2
    SILENCE = 3
    CHOICE = 4
    REVIEW = 5
    ORDER = 6
    RADIUS = 7
    INCLUSION = 8


def draw_uniform(seed: int, stream: Stream, lead: int, providers: Numbers) -> Vector:
    """Return one number in (0, 1) for each provider."""
    key = _mix_number(_mix_number(_mix_number(seed) ^ int(stream)) ^ lead)
    mixed = _mix((providers.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN) ^ np.uint64(key))
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def draw_gumbel(seed: int, stream: Stream, lead: int, providers: Numbers) -> Vector:
    """Return standard Gumbel numbers: whose utility with them is the highest is a multinomial logit's choice."""
    return -np.log(-np.log(draw_uniform(seed, stream, lead, providers)))


def draw_normal(seed: int, stream: Stream, lead: int, providers: Numbers) -> Vector:
    """Return standard normal numbers (Box and Muller, 1958)."""
    radius = np.sqrt(-2 * np.log(draw_uniform(seed, Stream.RADIUS, lead ^ (int(stream) << 40), providers)))
    return np.asarray(radius * np.cos(2 * np.pi * draw_uniform(seed, stream, lead, providers)))


def _mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's finalizer of each number."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _mix_number(number: int) -> int:
    """Do the same with one number: Python is quicker at one."""
    number = (number + _GOLDEN) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
