"""From the name of a place to a point, through the gazetteer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.fields import fold
from backend.leads.importing.values import ValueRefused

__all__ = ["Gazetteer", "Place"]

_COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A city, or a point in it; ``is_assumed`` when the source did not say it."""

    name: str
    country_code: str
    latitude: float
    longitude: float
    is_assumed: bool = False


class Gazetteer:
    """Finds cities by name, ``Mumbai`` or ``Mumbai, IN``; accents and case do not matter.

    ``country_code`` decides between cities of one name.  ``aliases`` say what other names mean, ``default`` what is
    taken for a place that is not known, or not named (None: nothing).

    Raises: OptionRefused when an alias or the default is itself no known city.
    """

    def __init__(
        self,
        cities: Iterable[Place],
        *,
        country_code: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default: str | None = None,
    ) -> None:
        self._cities: dict[str, list[Place]] = {}
        for city in cities:
            self._cities.setdefault(fold(city.name), []).append(city)
        self._country_code = country_code
        self._aliases = {fold(name): self._get_meant(meant) for name, meant in (aliases or {}).items()}
        self._default = None if default is None else self._get_meant(default)

    def find(self, name: str) -> Place:
        """Return the place of this name ("" when none is named), or the default.

        Raises: ValueRefused when it is not known and there is no default; when several cities have this name.
        """
        if (alias := self._aliases.get(fold(name))) is not None and name:
            return alias
        if self._default is not None and not self._list_cities(name):
            city = self._default
            return Place(city.name, city.country_code, city.latitude, city.longitude, is_assumed=True)
        if not name:
            raise ValueRefused("is empty", hint="give a place or coordinates, or --default-place")
        return self._get_city(name)

    @property
    def has_default(self) -> bool:
        """Return whether every name leads to a place."""
        return self._default is not None

    def _get_meant(self, name: str) -> Place:
        """Return a city that an option names."""
        try:
            return self._get_city(name)
        except ValueRefused as refusal:
            raise OptionRefused(f"The place {name!r} {refusal.reason}.") from refusal

    def _get_city(self, name: str) -> Place:
        cities = self._list_cities(name)
        if not cities:
            raise ValueRefused(
                "is no city of the gazetteer", hint="--place-alias or --default-place say what it means"
            )
        if len(cities) > 1:
            countries = ", ".join(sorted(city.country_code for city in cities))
            raise ValueRefused(
                "is a city in several countries", hint=f"{countries}: write “{name}, {countries[:2]}”"
            )
        return cities[0]

    def _list_cities(self, name: str) -> list[Place]:
        """Return the cities that a name can mean; the country decides where it can."""
        cities, country_code = self._cities.get(fold(name), []), self._country_code
        city_name, comma, country = name.rpartition(",")
        if not cities and comma and len(country.strip()) == _COUNTRY_LETTERS:
            country_code = country.strip().upper()
            return [c for c in self._cities.get(fold(city_name), []) if c.country_code == country_code]
        return [city for city in cities if city.country_code == country_code] or cities
