"""From the globe to a drawing around one place: the azimuthal equidistant projection.

Distances and directions from the middle are true at every latitude and across the date line, so that a service
area is a circle to scale.  Formulas: Snyder, Map Projections: A Working Manual (USGS 1395), 25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from backend.matching.geography import distance_between

__all__ = ["Place", "Projection"]

Place = tuple[float, float]
"""A latitude and a longitude, in degrees."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A drawing around ``centre``, which lies at (``x``, ``y``); ``scale`` is in units per km, y points down."""

    centre: Place
    x: float
    y: float
    scale: float

    def place(self, place: Place) -> tuple[float, float]:
        """Return where a place lies in the drawing."""
        length = distance_between(self.centre, place) * self.scale
        bearing = _bearing(self.centre, place)
        return self.x + length * math.sin(bearing), self.y - length * math.cos(bearing)


def _bearing(start: Place, end: Place) -> float:
    """Return the direction in which the shortest way begins, in radians clockwise from north."""
    latitude, other_latitude = math.radians(start[0]), math.radians(end[0])
    east = math.radians(end[1] - start[1])
    return math.atan2(
        math.sin(east) * math.cos(other_latitude),
        math.cos(latitude) * math.sin(other_latitude)
        - math.sin(latitude) * math.cos(other_latitude) * math.cos(east),
    )
