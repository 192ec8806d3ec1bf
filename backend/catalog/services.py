"""Filling the catalogue: the categories and the gazetteer that come with the project."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources

from django.db import transaction

from backend.catalog.models import Category, City

__all__ = ["LoadedCatalogue", "load_catalogue"]


@dataclass(frozen=True, slots=True)
class LoadedCatalogue:
    """How many rows were read: each is in the database now, once."""

    categories: int
    cities: int


@transaction.atomic
def load_catalogue() -> LoadedCatalogue:
    """Write the categories and cities that come with the project: one statement for each kind; twice as once.

    Rows of the same short name, or of the same name and country, are overwritten; others stay.  Whether a known
    category is served stays as well: that is the staff's to say.
    """
    categories = [_category_of(row) for row in _read("categories.csv")]
    cities = [_city_of(row) for row in _read("cities.csv")]
    Category.objects.bulk_create(
        categories, update_conflicts=True, unique_fields=["slug"], update_fields=["name", "typical_budget"]
    )
    City.objects.bulk_create(
        cities,
        update_conflicts=True,
        unique_fields=["name", "country_code"],
        update_fields=["latitude", "longitude", "time_zone"],
    )
    return LoadedCatalogue(categories=len(categories), cities=len(cities))


def _read(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table that lies beside this module, by column name."""
    path = resources.files("backend.catalog").joinpath("data", name)
    yield from csv.DictReader(path.read_text(encoding="utf-8").splitlines())


def _category_of(row: dict[str, str]) -> Category:
    return Category(
        slug=row["slug"],
        name=row["name"],
        typical_budget=Decimal(row["typical_budget"]),
        is_served=row["is_served"] == "yes",
    )


def _city_of(row: dict[str, str]) -> City:
    return City(
        name=row["name"],
        country_code=row["country_code"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        time_zone=row["time_zone"],
    )
