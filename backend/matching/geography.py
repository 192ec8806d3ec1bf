"""The globe in SQL: unit vectors, distances, and the boxes that bound a circle.

A circle on the globe is tested exactly by the unit vector of its centre and the cosine of its radius; an
index finds it by a bounding box in degrees.  A box cannot cross the antimeridian: a circle that does has two.
"""

from __future__ import annotations

import math
from typing import Any

from psycopg.sql import SQL, Composable

from backend.matching.fields import Box

__all__ = [
    "BAND_WIDTH",
    "EARTH_RADIUS_KM",
    "PROFILE_LATITUDE",
    "PROFILE_LONGITUDE",
    "bounding_boxes",
    "distance_between",
    "distance_sql",
    "dot_sql",
    "pieces_sql",
    "place_parameters",
    "unit_vector_sql",
]

# The mean radius R1 of the WGS 84 ellipsoid (IUGG).
EARTH_RADIUS_KM = 6371.0088

# Each category has its own band of longitudes, this wide, so that one index on boxes serves place and
# category without `btree_gist`.  Wider than the 360 degrees of the globe.
BAND_WIDTH = 1000

# Boxes are this much too large, in degrees (0.1 m), so that rounding never loses a point of the circle.
_MARGIN = 1e-6

# Coordinates are rounded to this many digits (0.1 mm) on both sides: PostgreSQL raises an error where the
# product of two numbers next to zero underflows.
_DIGITS = 9
PROFILE_LATITUDE = f"round(p.latitude::numeric, {_DIGITS})::float8"
PROFILE_LONGITUDE = f"round(p.longitude::numeric, {_DIGITS})::float8"

_UNIT_VECTOR = """
cos(radians({latitude})) * cos(radians({longitude})) AS ux,
cos(radians({latitude})) * sin(radians({longitude})) AS uy,
sin(radians({latitude})) AS uz
"""

# The exact test comes after the index: `place_parameters` names the place's own vector.
_DOT = "(a.ux * %(x)s + a.uy * %(y)s + a.uz * %(z)s)"

# From the chord between the two unit vectors: unlike the arc cosine it is exact for short distances too.
_DISTANCE = (
    f"{2 * EARTH_RADIUS_KM} * asin(least(1, sqrt("
    "(a.ux - %(x)s) ^ 2 + (a.uy - %(y)s) ^ 2 + (a.uz - %(z)s) ^ 2) / 2))"
)

_PIECES = """
SELECT strip.piece,
       box(point({band} * {category_id} + strip.west, span.south),
           point({band} * {category_id} + strip.east, span.north)) AS area
FROM (SELECT least({radius_km} / {earth}, pi()) AS angle) AS circle
CROSS JOIN LATERAL (
    SELECT greatest({latitude} - degrees(circle.angle) - {margin}, -90) AS south,
           least({latitude} + degrees(circle.angle) + {margin}, 90) AS north,
           radians(abs({latitude})) + circle.angle >= pi() / 2 - 1e-6 AS has_pole
) AS span
CROSS JOIN LATERAL (
    SELECT CASE WHEN span.has_pole THEN 180
                ELSE degrees(asin(least(1, sin(circle.angle) / cos(radians({latitude}))))) + {margin}
           END AS half_width
) AS width
CROSS JOIN LATERAL (
    SELECT 0 AS piece,
           CASE WHEN span.has_pole THEN -180 ELSE greatest({longitude} - half_width, -180) END AS west,
           CASE WHEN span.has_pole THEN 180 ELSE least({longitude} + half_width, 180) END AS east
    UNION ALL
    SELECT 1,
           CASE WHEN {longitude} < 0 THEN {longitude} - half_width + 360 ELSE -180 END,
           CASE WHEN {longitude} < 0 THEN 180 ELSE {longitude} + half_width - 360 END
    WHERE NOT span.has_pole AND abs({longitude}) + half_width > 180
) AS strip
"""


def distance_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance in km between two places, each a latitude and a longitude in degrees (haversine)."""
    (latitude, longitude), (other_latitude, other_longitude) = one, other
    north, east = math.radians(other_latitude - latitude), math.radians(other_longitude - longitude)
    shrinking = math.cos(math.radians(latitude)) * math.cos(math.radians(other_latitude))
    chord = math.sin(north / 2) ** 2 + shrinking * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def unit_vector_sql() -> Composable:
    """Return the columns ``ux``, ``uy`` and ``uz``: the unit vector of the centre of the profile ``p``."""
    return SQL(_UNIT_VECTOR).format(latitude=SQL(PROFILE_LATITUDE), longitude=SQL(PROFILE_LONGITUDE))


def dot_sql() -> Composable:
    """Return the cosine of the angle between the centre ``a`` and the place."""
    return SQL(_DOT)


def distance_sql() -> Composable:
    """Return the distance in km between the centre ``a`` and the place."""
    return SQL(_DISTANCE)


def pieces_sql(*, latitude: str, longitude: str, radius_km: str, category_id: str) -> Composable:
    """Return a query for the boxes (``piece``, ``area``) that bound a circle, in the band of its category.

    The arguments are SQL expressions in degrees and km.  A circle around a pole has one box as wide as the
    globe; one across the antimeridian has two that share no point; any other has one.  Half the width of the
    box is asin(sin δ / cos φ), by the right spherical triangle of centre, pole and the point furthest east.
    """
    return SQL(_PIECES).format(
        latitude=SQL(latitude),
        longitude=SQL(longitude),
        radius_km=SQL(radius_km),
        category_id=SQL(category_id),
        band=SQL(str(BAND_WIDTH)),
        earth=SQL(str(EARTH_RADIUS_KM)),
        margin=SQL(str(_MARGIN)),
    )


def bounding_boxes(
    category_id: int, *, latitude: float, longitude: float, radius_km: float
) -> tuple[Box, ...]:
    """Return what ``pieces_sql`` does, for a place that is known before the statement: planning it takes time."""
    angle = min(radius_km / EARTH_RADIUS_KM, math.pi)
    phi, reach, shift = math.radians(latitude), math.degrees(angle) + _MARGIN, BAND_WIDTH * category_id
    south, north = max(latitude - reach, -90.0), min(latitude + reach, 90.0)
    if abs(phi) + angle >= math.pi / 2 - 1e-6:
        return (Box(west=shift - 180, south=south, east=shift + 180, north=north),)
    half_width = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(phi)))) + _MARGIN
    west, east = longitude - half_width, longitude + half_width
    strips = [(max(west, -180.0), min(east, 180.0))]
    if west < -180:
        strips.append((west + 360, 180.0))
    if east > 180:
        strips.append((-180.0, east - 360))
    return tuple(Box(west=shift + one, south=south, east=shift + other, north=north) for one, other in strips)


def place_parameters(category_id: int, *, latitude: float, longitude: float) -> dict[str, Any]:
    """Return the parameters that the expressions of this module and the search name: vector, point, band."""
    latitude, longitude = round(latitude, _DIGITS), round(longitude, _DIGITS)
    phi, lam = math.radians(latitude), math.radians(longitude)
    east = BAND_WIDTH * category_id + longitude
    return {
        "category_id": category_id,
        "latitude": latitude,
        "longitude": longitude,
        "point": str(Box(west=east, south=latitude, east=east, north=latitude)),
        "x": math.cos(phi) * math.cos(lam),
        "y": math.cos(phi) * math.sin(lam),
        "z": math.sin(phi),
    }
