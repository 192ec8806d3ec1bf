"""Loading the catalogue: its tables are sound, and loading again spoils nothing."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from backend.catalog.models import Category, City
from backend.catalog.services import LoadedCatalogue, load_catalogue

pytestmark = pytest.mark.django_db


class TestLoadCatalogue:
    def test_writes_every_row_and_again_writes_none_twice(self) -> None:
        assert load_catalogue() == LoadedCatalogue(categories=16, cities=152)
        before = (list(Category.objects.values()), list(City.objects.values()))
        assert load_catalogue() == LoadedCatalogue(categories=16, cities=152)
        assert (list(Category.objects.values()), list(City.objects.values())) == before
        assert (Category.objects.count(), City.objects.count()) == (16, 152)

    def test_takes_the_same_statements_however_many_rows(self, django_assert_max_num_queries: object) -> None:
        with django_assert_max_num_queries(4):  # type: ignore[operator]  # a fixture of pytest-django
            load_catalogue()

    def test_knows_tutoring_and_one_category_that_is_not_served(self) -> None:
        load_catalogue()
        assert Category.objects.get(slug="tutoring").name == "Tutoring and courses"
        assert [category.slug for category in Category.objects.filter(is_served=False)] == ["swimming-pools"]

    def test_makes_rows_that_are_valid(self) -> None:
        load_catalogue()
        for row in (*Category.objects.all(), *City.objects.all()):
            row.full_clean()
        for city in City.objects.all():
            assert ZoneInfo(city.time_zone).key == city.time_zone

    @pytest.mark.parametrize(
        ("name", "country_code", "latitude", "longitude"),
        [
            ("Mumbai", "IN", 19.1, 72.9),
            ("Thane", "IN", 19.2, 73.0),
            ("Berlin", "DE", 52.5, 13.4),
            ("Suva", "FJ", -18.1, 178.4),
            ("Apia", "WS", -13.8, -171.8),
            ("New York", "US", 40.7, -74.0),
        ],
    )
    def test_puts_cities_where_they_are(
        self, name: str, country_code: str, latitude: float, longitude: float
    ) -> None:
        load_catalogue()
        city = City.objects.get(name=name, country_code=country_code)
        assert (round(city.latitude, 1), round(city.longitude, 1)) == (latitude, longitude)

    def test_overwrites_what_the_tables_say_but_leaves_whether_a_category_is_served(self) -> None:
        load_catalogue()
        Category.objects.filter(slug="roofing").update(name="Roofs", typical_budget=1, is_served=False)
        City.objects.filter(name="Pune").update(latitude=0)
        load_catalogue()
        roofing = Category.objects.get(slug="roofing")
        assert (roofing.name, roofing.typical_budget, roofing.is_served) == ("Roofing", Decimal(4500), False)
        assert City.objects.get(name="Pune").latitude == 18.5204

    def test_leaves_rows_of_others(self) -> None:
        Category.objects.create(name="Falconry", slug="falconry")
        load_catalogue()
        assert Category.objects.filter(slug="falconry").exists()


class TestCommand:
    def test_says_how_much_was_loaded(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("load_catalogue")
        assert capsys.readouterr().out == "16 categories and 152 cities are loaded.\n"
