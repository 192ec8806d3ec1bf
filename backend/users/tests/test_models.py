"""Providers: what a profile may hold, and who of staff is found."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backend.users.models import ProviderCategory, ProviderProfile, User, validate_time_zone
from backend.users.selectors import list_staff_in
from backend.users.tests.factories import chief
from workflows import Availability, Channel, SystemActor, acting, explain

pytestmark = pytest.mark.django_db


def make_provider(name: str = "acme", **fields: object) -> ProviderProfile:
    values = {"company_name": "Acme", "latitude": 52.5, "longitude": 13.4, **fields}
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        return ProviderProfile.objects.create(user=User.objects.create(username=name), **values)


class TestProviderProfile:
    @pytest.mark.parametrize(
        "fields",
        [
            {"latitude": 90.1},
            {"longitude": -180.1},
            {"radius_km": 0.0},
            {"radius_km": 2001.0},
        ],
    )
    def test_lies_on_the_globe_with_a_sensible_radius(self, fields: dict[str, float]) -> None:
        with pytest.raises(IntegrityError, match="service_area_is_on_the_globe"), transaction.atomic():
            make_provider(**fields)

    @pytest.mark.parametrize(
        ("first", "last"),
        [(datetime.date(2026, 8, 1), None), (datetime.date(2026, 8, 2), datetime.date(2026, 8, 1))],
    )
    def test_has_both_ends_of_a_holiday_in_order(
        self, first: datetime.date, last: datetime.date | None
    ) -> None:
        with pytest.raises(IntegrityError, match="holiday_has_both_ends_in_order"), transaction.atomic():
            make_provider(holiday_from_date=first, holiday_until_date=last)

    def test_may_pause_itself_but_not_approve_itself(self) -> None:
        provider = make_provider()
        assert explain(provider, by=provider.user)[0].availability is Availability.FORBIDDEN
        provider.approve(by=chief())
        provider.pause(by=provider.user, reason="holiday")
        provider.resume(by=provider.user)
        assert (provider.status, provider.version) == ("active", 4)

    def test_offers_a_category_once(self) -> None:
        from backend.catalog.models import Category

        provider, category = make_provider(), Category.objects.create(name="Roofing", slug="roofing")
        ProviderCategory.objects.create(provider=provider, category=category)
        with pytest.raises(IntegrityError, match="category_is_offered_once"), transaction.atomic():
            ProviderCategory.objects.create(provider=provider, category=category)


class TestTimeZone:
    def test_is_one_that_exists(self) -> None:
        validate_time_zone("Europe/Berlin")
        with pytest.raises(ValidationError, match="“Berlin” is no time zone: write it like Europe/Berlin"):
            validate_time_zone("Berlin")


class TestListStaffIn:
    def test_finds_active_staff_by_the_permission_of_a_group_once(self) -> None:
        permission = Permission.objects.get(codename="approve_providerprofile")
        groups = [Group.objects.create(name=name) for name in ("one", "two")]
        people = [
            User.objects.create(username="both", is_staff=True),
            User.objects.create(username="gone", is_staff=True, is_active=False),
            User.objects.create(username="client"),
        ]
        for group in groups:
            group.permissions.add(permission)
            group.user_set.add(*people)
        assert list(list_staff_in("users.approve_providerprofile")) == [people[0].pk]
        assert list(list_staff_in("leads.approve_providerprofile")) == []
