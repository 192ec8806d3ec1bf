"""The coverage index follows the profiles."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError, connection, transaction

from backend.matching.coverage import refresh_coverage
from backend.matching.fields import Box, BoxField
from backend.matching.models import CoverageArea, ProviderLoad
from backend.matching.search import find_candidates
from backend.matching.tests.factories import BERLIN, HAMBURG, make_category, make_provider, make_request
from backend.users.models import ProviderCategory, ProviderProfile
from backend.users.tests.factories import chief

pytestmark = pytest.mark.django_db


def areas_of(provider: ProviderProfile) -> list[tuple[int, int]]:
    """Return category and piece of each of a provider's areas."""
    areas = CoverageArea.objects.filter(provider=provider).order_by("category_id", "piece")
    return list(areas.values_list("category_id", "piece"))


class TestRefresh:
    def test_takes_the_same_statements_for_one_and_for_many(self, django_assert_num_queries: Any) -> None:
        category = make_category()
        providers = [make_provider(category) for _ in range(5)]
        for provider_ids in ([providers[0].pk], [provider.pk for provider in providers], None):
            with django_assert_num_queries(4 + 2):  # and the savepoint
                refresh_coverage(provider_ids)

    def test_returns_how_many_pieces_there_are(self) -> None:
        one, other = make_category(), make_category()
        here, there = make_provider(one, other), make_provider(one, place=(0, 180))
        assert refresh_coverage([here.pk]) == 2
        assert refresh_coverage([there.pk]) == 2
        assert refresh_coverage(None) == 4

    def test_shifts_each_category_into_its_own_band(self) -> None:
        category = make_category()
        provider = make_provider(category, place=(0, 10), radius_km=111.195)
        area = CoverageArea.objects.get(provider=provider).area
        shift = 1000 * category.pk
        assert (area.west - shift, area.south) == pytest.approx((9, -1), abs=1e-4)
        assert (area.east - shift, area.north) == pytest.approx((11, 1), abs=1e-4)

    def test_makes_a_missing_load_and_keeps_a_present_one(self) -> None:
        provider, other = make_provider(), make_provider()
        ProviderLoad.objects.filter(provider=provider).delete()
        ProviderLoad.objects.filter(provider=other).update(open_offers=3)
        refresh_coverage([provider.pk, other.pk])
        assert ProviderLoad.objects.get(provider=provider).open_offers == 0
        assert ProviderLoad.objects.get(provider=other).open_offers == 3

    def test_refuses_a_time_zone_that_does_not_exist(self) -> None:
        category = make_category()
        provider = make_provider(category)
        provider.time_zone = "Europe/Atlantis"
        with pytest.raises(DataError, match="Europe/Atlantis"), transaction.atomic():
            provider.save()
        assert find_candidates(make_request(category)).eligible_count == 1


class TestReceivers:
    def test_follow_a_moved_provider(self) -> None:
        category = make_category()
        provider = make_provider(category, place=HAMBURG)
        provider.latitude, provider.longitude = BERLIN
        provider.save()
        assert find_candidates(make_request(category)).eligible_count == 1

    def test_do_nothing_when_nothing_of_it_changed(self, django_assert_num_queries: Any) -> None:
        provider = make_provider(make_category())
        with django_assert_num_queries(1):
            provider.save(update_fields=["company_name"])

    def test_follow_an_offered_category(self) -> None:
        one, other = make_category(), make_category()
        provider = make_provider(one)
        offered = ProviderCategory.objects.create(provider=provider, category=other)
        assert areas_of(provider) == [(one.pk, 0), (other.pk, 0)]
        offered.delete()
        assert areas_of(provider) == [(one.pk, 0)]

    def test_follow_the_relation_from_both_sides(self) -> None:
        one, other = make_category(), make_category()
        provider = make_provider()
        provider.categories.add(one)
        assert areas_of(provider) == [(one.pk, 0)]
        other.providers.add(provider)
        assert areas_of(provider) == [(one.pk, 0), (other.pk, 0)]
        other.providers.clear()
        assert areas_of(provider) == [(one.pk, 0)]
        provider.categories.clear()
        assert areas_of(provider) == []

    def test_remove_a_provider_with_everything_of_it(self) -> None:
        provider = make_provider(make_category(), make_category(), is_active=False)
        provider.delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert not CoverageArea.objects.exists()
        assert not ProviderLoad.objects.exists()

    def test_follow_the_life_cycle(self) -> None:
        category = make_category()
        provider = make_provider(category)
        provider.pause(by=chief())
        assert dict(find_candidates(make_request(category)).counts) == {"not_active": 1}
        provider.resume(by=chief())
        assert find_candidates(make_request(category)).eligible_count == 1


class TestRebuildCommand:
    def test_mends_what_bulk_writes_left_and_prints_the_count(self) -> None:
        category = make_category()
        make_provider(category)
        make_provider()
        CoverageArea.objects.all().delete()
        out = io.StringIO()
        call_command("rebuild_coverage", stdout=out)
        assert out.getvalue() == "1 pieces of coverage for 2 providers\n"
        assert find_candidates(make_request(category)).eligible_count == 1


class TestBoxField:
    def test_keeps_every_digit(self) -> None:
        category = make_category()
        provider = make_provider(category)
        box = Box(west=0.1, south=-1e-9, east=1 / 3, north=89.99999999999999)
        CoverageArea.objects.filter(provider=provider).update(area=box)
        assert CoverageArea.objects.get(provider=provider).area == box

    def test_reads_the_text_of_a_box(self) -> None:
        assert BoxField().to_python("(3,4),(1,2)") == Box(west=1, south=2, east=3, north=4)
        assert BoxField().to_python(None) is None
        with pytest.raises(ValueError, match="not enough values"):
            Box.parse("(1,2)")
