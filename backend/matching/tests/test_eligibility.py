"""Each rule, at its limits and in its order."""

from __future__ import annotations

import datetime
from datetime import UTC, timedelta
from typing import Any

import pytest

from backend.matching.eligibility import BUSY, RULES, explain_provider, get_rule
from backend.matching.tests.factories import (
    BERLIN,
    HAMBURG,
    NOW,
    make_category,
    make_provider,
    make_request,
    set_load,
)
from backend.matching.values import Candidate, Request
from backend.users.models import ProviderProfile
from backend.users.tests.factories import chief

TODAY = NOW.date()


def explain(provider: ProviderProfile, request: Request) -> str | None:
    """Return the code of the rule that excludes the provider, or None."""
    explained = explain_provider(request, provider.pk)
    return None if isinstance(explained, Candidate) else explained.rule_code


def judge(
    *, request: dict[str, Any] | None = None, load: dict[str, Any] | None = None, **fields: Any
) -> str | None:
    """Return the rule that excludes a provider with these fields and counters from a request."""
    category = make_category()
    provider = make_provider(category, **fields)
    set_load(provider, **(load or {"open_offers": 0}))
    return explain(provider, make_request(category, **(request or {})))


class TestRules:
    def test_stand_in_their_order(self) -> None:
        assert [rule.code for rule in RULES] == [
            "not_active",
            "on_holiday",
            "category",
            "too_far",
            "language",
            "closed",
            "open_offers_full",
            "day_full",
            "month_full",
            "own_request",
            "already_offered",
        ]

    def test_are_found_by_code_with_a_sentence(self) -> None:
        assert str(get_rule("open_offers_full").sentence) == "has all its open offers in use"
        assert get_rule("busy") is BUSY
        with pytest.raises(KeyError):
            get_rule("unheard_of")


@pytest.mark.django_db
class TestFirstFailedRule:
    def test_is_the_first_of_many_and_then_the_next(self) -> None:
        category = make_category()
        provider = make_provider(
            place=HAMBURG,
            is_active=False,
            languages=["de"],
            holiday_from_date=TODAY,
            holiday_until_date=TODAY,
            open_weekdays=[4],
            leads_per_day_max=0,
            leads_per_month_max=0,
            open_offers_max=0,
        )
        request = make_request(
            category,
            client_user_id=provider.user_id,
            already_offered=frozenset({provider.pk}),
            deadline=NOW + timedelta(hours=1),
        )
        codes = [explain(provider, request)]
        provider.approve(by=chief())
        codes.append(explain(provider, request))
        for change in (
            {"holiday_from_date": None, "holiday_until_date": None},
            {"offers": category},
            {"latitude": BERLIN[0], "longitude": BERLIN[1]},
            {"languages": ["de", "en"]},
            {"open_weekdays": []},
            {"open_offers_max": 1},
            {"leads_per_day_max": 1},
            {"leads_per_month_max": 1},
        ):
            if "offers" in change:
                provider.offered_categories.create(category=category)
            else:
                ProviderProfile.objects.filter(pk=provider.pk).update(**change)
            codes.append(explain(provider, request))
        codes.append(explain(provider, make_request(category, already_offered=frozenset({provider.pk}))))
        codes.append(explain(provider, make_request(category)))
        assert codes == [*(rule.code for rule in RULES), None]


@pytest.mark.django_db
class TestHoliday:
    @pytest.mark.parametrize(
        ("first", "last", "code"),
        [(0, 0, "on_holiday"), (-5, 0, "on_holiday"), (0, 5, "on_holiday"), (1, 5, None), (-5, -1, None)],
    )
    def test_counts_both_its_days(self, first: int, last: int, code: str | None) -> None:
        days = {
            "holiday_from_date": TODAY + timedelta(days=first),
            "holiday_until_date": TODAY + timedelta(days=last),
        }
        assert judge(**days) == code

    def test_is_that_of_the_providers_time_zone(self) -> None:
        late = {"at": datetime.datetime(2025, 6, 11, 23, 0, tzinfo=UTC)}
        tomorrow = TODAY + timedelta(days=1)
        days = {"holiday_from_date": tomorrow, "holiday_until_date": tomorrow}
        assert judge(request=late, time_zone="Europe/Berlin", **days) == "on_holiday"
        assert judge(request=late, time_zone="UTC", **days) is None


@pytest.mark.django_db
class TestLanguage:
    def test_is_one_of_those_spoken(self) -> None:
        assert judge(languages=["de", "fr"]) == "language"
        assert judge(languages=["de", "en"]) is None
        assert judge(languages=[]) == "language"

    def test_excludes_nobody_when_unknown(self) -> None:
        assert judge(languages=["de"], request={"language": ""}) is None


def clock_time(hour: int, minute: int = 0) -> datetime.time:
    """Return a time of day."""
    return datetime.time(hour, minute)


def hours(first: int, last: int, **fields: Any) -> dict[str, Any]:
    """Return opening hours in Berlin, where it is Wednesday, 14:00."""
    return {
        "opens_at": clock_time(first),
        "closes_at": clock_time(last),
        "time_zone": "Europe/Berlin",
        **fields,
    }


@pytest.mark.django_db
class TestOpeningHours:
    @pytest.mark.parametrize(
        ("fields", "wait_h"),
        [
            (hours(9, 17), 0),
            (hours(14, 17), 0),
            (hours(15, 17), 1),
            (hours(9, 14), 19),  # closes as the request comes: tomorrow at 9
            (hours(9, 17, open_weekdays=[3]), 0),
            (hours(9, 17, open_weekdays=[4, 5]), 19),
            (hours(9, 13, open_weekdays=[3]), 7 * 24 - 5),  # only next Wednesday
            (hours(22, 6), 8),
            (hours(20, 15), 0),  # since yesterday evening
            (hours(20, 15, open_weekdays=[2]), 0),  # it opened on Tuesday
            (hours(20, 15, open_weekdays=[3]), 6),
            (hours(0, 0), 0),
            (hours(8, 8), 0),  # all day, whatever the hour
            (hours(8, 8, open_weekdays=[4]), 10),
            (hours(9, 17, time_zone="America/New_York"), 1),
        ],
    )
    def test_say_when_it_opens(self, fields: dict[str, Any], wait_h: int) -> None:
        opening = NOW + timedelta(hours=wait_h)
        category = make_category()
        provider = make_provider(category, **fields)
        soon_enough = make_request(category, deadline=opening + timedelta(minutes=1))
        assert explain(provider, soon_enough) is None
        too_early = make_request(category, deadline=opening)
        assert explain(provider, too_early) == ("closed" if wait_h else None)
        assert explain(provider, make_request(category)) is None

    def test_follow_the_clock_change(self) -> None:
        # In Berlin 2025-03-30 has 23 hours: from Saturday 12:00 UTC it is 19 hours to Sunday 9:00.
        saturday = datetime.datetime(2025, 3, 29, 12, 0, tzinfo=UTC)
        opening = saturday + timedelta(hours=19)
        for minute, code in ((0, "closed"), (1, None)):
            request = {"at": saturday, "deadline": opening + timedelta(minutes=minute)}
            assert judge(request=request, **hours(9, 12)) == code

    def test_never_open_on_a_day_that_does_not_exist(self) -> None:
        assert judge(**hours(9, 17, open_weekdays=[9])) == "closed"


@pytest.mark.django_db
class TestCaps:
    def test_of_open_offers(self) -> None:
        assert judge(load={"open_offers": 4}, open_offers_max=5) is None
        assert judge(load={"open_offers": 5}, open_offers_max=5) == "open_offers_full"
        assert judge(open_offers_max=0) == "open_offers_full"

    @pytest.mark.parametrize(
        ("day", "offers", "code"),
        [(0, 2, None), (0, 3, "day_full"), (-1, 3, None), (1, 3, "day_full"), (None, 0, None)],
    )
    def test_of_the_day(self, day: int | None, offers: int, code: str | None) -> None:
        day_date = None if day is None else TODAY + timedelta(days=day)
        assert judge(load={"day_date": day_date, "offers_on_day": offers}, leads_per_day_max=3) == code

    def test_of_the_day_in_the_providers_time_zone(self) -> None:
        late = {"at": datetime.datetime(2025, 6, 11, 23, 0, tzinfo=UTC)}
        load = {"day_date": TODAY, "offers_on_day": 3}
        assert judge(request=late, load=load, leads_per_day_max=3, time_zone="UTC") == "day_full"
        assert judge(request=late, load=load, leads_per_day_max=3, time_zone="Europe/Berlin") is None

    @pytest.mark.parametrize(
        ("month", "offers", "code"), [(6, 8, None), (6, 9, "month_full"), (5, 9, None), (7, 9, "month_full")]
    )
    def test_of_the_month(self, month: int, offers: int, code: str | None) -> None:
        load = {"month_date": datetime.date(2025, month, 1), "offers_in_month": offers}
        assert judge(load=load, leads_per_month_max=9) == code


class TestRequest:
    def test_refuses_a_naive_instant(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            Request(1, 0, 0, None, "en", "normal", NOW.replace(tzinfo=None), None, "L-1")

    def test_refuses_a_place_off_the_globe(self) -> None:
        with pytest.raises(ValueError, match="latitude goes from -90 to 90"):
            Request(1, 91, 0, None, "en", "normal", NOW, None, "L-1")
