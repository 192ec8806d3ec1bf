"""The cities of the demo market: where its providers work and its clients live."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.catalog.models import City
from backend.procompare.demo.chance import Random
from backend.procompare.demo.tables import read_table, read_weights

__all__ = ["Hub", "Spot", "draw_hub", "list_hubs", "lonely_hub"]

# How far from the centre people live: one standard deviation.
SPREAD_KM = 6.0
KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Spot:
    """One address: a name for people, degrees for the search."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Hub:
    """One city of the market.

    ``place`` is its name in its own language.  ``spoken`` says which share of its providers speaks a language,
    ``written`` how its requests are divided among languages.  ``phones`` are patterns of numbers that nobody
    has (``#`` a digit); none: its people give an e-mail address only.
    """

    place: str
    country_code: str
    latitude: float
    longitude: float
    time_zone: str
    weight: float
    spoken: Mapping[str, float]
    written: Mapping[str, float]
    phones: tuple[str, ...]

    def draw_spot(self, chance: Random) -> Spot:
        """Draw an address in or around the city."""
        km_per_degree_east = KM_PER_DEGREE * math.cos(math.radians(self.latitude))
        latitude = self.latitude + chance.gauss(0, SPREAD_KM) / KM_PER_DEGREE
        longitude = self.longitude + chance.gauss(0, SPREAD_KM) / km_per_degree_east
        return Spot(self.place, round(latitude, 5), round(longitude, 5))


def list_hubs() -> list[Hub]:
    """Return the cities of the market, with what the gazetteer knows of them.

    Raises: City.DoesNotExist when the catalogue is not loaded.
    """
    return [
        _hub_of(
            row["city"],
            row["country"],
            place=row["place"],
            weight=float(row["weight"]),
            spoken=read_weights(row["spoken"]),
            written=read_weights(row["written"]),
            phones=tuple(filter(None, row["phones"].split(";"))),
        )
        for row in read_table("hubs")
    ]


def lonely_hub() -> Hub:
    """Return a city where no provider works."""
    return _hub_of("Reykjavik", "IS", place="Reykjavík", weight=0, spoken={}, written={"en": 1}, phones=())


def draw_hub(chance: Random, hubs: Sequence[Hub]) -> Hub:
    """Draw a city, each as likely as its weight."""
    return chance.choices(hubs, weights=[hub.weight for hub in hubs])[0]


def _hub_of(
    city_name: str,
    country_code: str,
    *,
    place: str,
    weight: float,
    spoken: Mapping[str, float],
    written: Mapping[str, float],
    phones: tuple[str, ...],
) -> Hub:
    city = City.objects.get(name=city_name, country_code=country_code)
    return Hub(
        place=place,
        country_code=country_code,
        latitude=city.latitude,
        longitude=city.longitude,
        time_zone=city.time_zone,
        weight=weight,
        spoken=spoken,
        written=written,
        phones=phones,
    )
