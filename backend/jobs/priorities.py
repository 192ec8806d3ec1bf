"""What comes first when jobs wait: what makes other things move."""

from __future__ import annotations

import enum

__all__ = ["Priority"]


class Priority(enum.IntEnum):
    """The higher runs first; of equals the older."""

    URGENT = 20  # what keeps jobs themselves moving
    SOON = 10  # what others wait for: planning deliveries, offering a place again, sweeps
    NORMAL = 0  # deliveries
    LOW = -10  # reports, housekeeping
