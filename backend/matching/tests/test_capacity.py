"""Capacity under lock: order, refusals, counters, rivals and threads."""

from __future__ import annotations

import datetime
import random
import threading
from collections import Counter
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from backend.matching.capacity import Reservation, release, reserve
from backend.matching.errors import NothingToRelease
from backend.matching.models import ProviderLoad
from backend.matching.tests.factories import NOW, make_provider, set_load
from backend.users.models import ProviderProfile
from backend.users.tests.factories import chief
from workflows.tests.rivals import in_thread, wait_until_somebody_waits

TODAY = NOW.date()


def open_offers(*providers: ProviderProfile) -> list[int]:
    """Return the open offers of each provider."""
    return [ProviderLoad.objects.get(provider=provider).open_offers for provider in providers]


@pytest.mark.django_db
class TestReserve:
    def test_takes_the_first_in_the_order_of_preference(self) -> None:
        one, two, three = make_provider(), make_provider(), make_provider()
        assert reserve([three.pk, one.pk, two.pk], count=2, at=NOW) == Reservation((three.pk, one.pk), {})
        assert open_offers(one, two, three) == [1, 0, 1]

    def test_takes_two_statements(self, django_assert_num_queries: Any) -> None:
        providers = [make_provider().pk for _ in range(10)]
        with django_assert_num_queries(2):
            reserve(providers, count=5, at=NOW)

    def test_counts_day_month_and_total(self) -> None:
        provider = make_provider(time_zone="Europe/Berlin")
        late = datetime.datetime(2025, 6, 30, 23, 0, tzinfo=UTC)  # in Berlin it is July already
        for at in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=1), late):
            reserve([provider.pk], count=1, at=at)
        load = ProviderLoad.objects.get(provider=provider)
        assert (load.open_offers, load.offers_total, load.last_offered_at) == (4, 4, late)
        assert (load.day_date, load.offers_on_day) == (datetime.date(2025, 7, 1), 1)
        assert (load.month_date, load.offers_in_month) == (datetime.date(2025, 7, 1), 1)

    def test_goes_on_counting_when_an_instant_lies_before_the_day_counted(self) -> None:
        provider = make_provider()
        reserve([provider.pk], count=1, at=NOW)
        reserve([provider.pk], count=1, at=NOW - timedelta(days=1))
        load = ProviderLoad.objects.get(provider=provider)
        assert (load.day_date, load.offers_on_day, load.last_offered_at) == (TODAY, 2, NOW)

    @pytest.mark.parametrize(
        ("fields", "load", "code"),
        [
            ({"is_active": False}, {}, "not_active"),
            ({"holiday_from_date": TODAY, "holiday_until_date": TODAY}, {}, "on_holiday"),
            ({"open_offers_max": 2}, {"open_offers": 2}, "open_offers_full"),
            ({"leads_per_day_max": 2}, {"day_date": TODAY, "offers_on_day": 2}, "day_full"),
            (
                {"leads_per_month_max": 2},
                {"month_date": TODAY.replace(day=1), "offers_in_month": 2},
                "month_full",
            ),
        ],
    )
    def test_takes_the_next_best_for_whoever_fell_out(
        self, fields: dict[str, Any], load: dict[str, Any], code: str
    ) -> None:
        full, free = make_provider(**fields), make_provider()
        set_load(full, **(load or {"open_offers": 0}))
        before = open_offers(full)
        reservation = reserve([full.pk, free.pk], count=1, at=NOW)
        assert reservation == Reservation((free.pk,), {full.pk: code})
        assert open_offers(full) == before

    def test_goes_on_in_rounds_until_the_list_ends(self) -> None:
        full = [make_provider(open_offers_max=0).pk for _ in range(7)]
        free = make_provider().pk
        reservation = reserve([*full, free, 999_999_999], count=2, at=NOW)
        assert reservation.reserved == (free,)
        assert Counter(reservation.refused.values()) == {"open_offers_full": 7, "busy": 1}

    def test_refuses_one_that_is_gone(self) -> None:
        assert reserve([999_999_999], count=1, at=NOW) == Reservation((), {999_999_999: "not_active"})

    def test_takes_nobody_twice(self) -> None:
        provider = make_provider()
        assert reserve([provider.pk, provider.pk], count=2, at=NOW).reserved == (provider.pk,)
        assert open_offers(provider) == [1]

    def test_asks_nothing_for_nothing(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert reserve([], count=5, at=NOW) == Reservation((), {})
            assert reserve([1], count=0, at=NOW) == Reservation((), {})


@pytest.mark.django_db
class TestRelease:
    def test_gives_back_one_for_each_id(self) -> None:
        one, two = make_provider(), make_provider()
        set_load(one, open_offers=3)
        set_load(two, open_offers=1)
        release([two.pk, one.pk, one.pk])
        assert open_offers(one, two) == [1, 0]

    def test_refuses_more_than_there_are_and_changes_nothing(self) -> None:
        one, two = make_provider(), make_provider()
        set_load(one, open_offers=1)
        set_load(two, open_offers=1)
        with pytest.raises(
            NothingToRelease, match=f"2 open offer.* of provider {two.pk}: it has 1 open"
        ) as raised:
            release([one.pk, two.pk, two.pk])
        assert (raised.value.provider_id, raised.value.asked, raised.value.open_offers) == (two.pk, 2, 1)
        assert open_offers(one, two) == [1, 1]

    def test_does_nothing_for_nobody(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            release([])

    def test_is_held_by_the_database_too(self) -> None:
        provider = make_provider()
        with pytest.raises(IntegrityError, match="load_is_not_negative"), transaction.atomic():
            set_load(provider, open_offers=-1)


@pytest.mark.django_db(transaction=True)
class TestOutsideATransaction:
    def test_nothing_is_reserved_or_released(self) -> None:
        provider = make_provider()
        with pytest.raises(AssertionError, match="inside the transaction"):
            reserve([provider.pk], count=1, at=NOW)
        with pytest.raises(AssertionError, match="inside the transaction"):
            release([provider.pk])
        assert open_offers(provider) == [0]


@pytest.mark.django_db(transaction=True)
class TestRivals:
    def test_what_changed_while_waiting_for_the_lock_counts(self) -> None:
        """A rival takes the last place, or pauses the provider, between the search and the lock."""
        full, paused, free = make_provider(open_offers_max=1), make_provider(), make_provider()
        holding, outcome = threading.Event(), {}

        def wait_and_reserve() -> None:
            holding.wait(20)
            with transaction.atomic():
                outcome["reservation"] = reserve([full.pk, paused.pk, free.pk], count=2, at=NOW)

        thread = in_thread(wait_and_reserve)
        with transaction.atomic():
            reserve([full.pk], count=1, at=NOW)
            paused.pause(by=chief())
            holding.set()
            wait_until_somebody_waits()
        thread.join(20)
        assert outcome["reservation"] == Reservation(
            (free.pk,), {full.pk: "open_offers_full", paused.pk: "not_active"}
        )
        assert open_offers(full, paused, free) == [1, 0, 1]

    def test_a_later_round_does_not_wait(self) -> None:
        gone, held, free = make_provider(open_offers_max=0), make_provider(), make_provider()
        second = make_provider(open_offers_max=0)
        with transaction.atomic():
            reserve([held.pk], count=1, at=NOW)
            outcome = {}

            def go_on() -> None:
                with transaction.atomic():
                    preferred = [gone.pk, second.pk, held.pk, free.pk]
                    outcome["reservation"] = reserve(preferred, count=1, at=NOW)

            thread = in_thread(go_on)
            thread.join(20)
            assert not thread.is_alive()
        assert outcome["reservation"].reserved == (free.pk,)
        assert outcome["reservation"].refused[held.pk] == "busy"

    def test_nothing_waits_when_told_not_to(self) -> None:
        held, free = make_provider(), make_provider()
        with transaction.atomic():
            reserve([held.pk], count=1, at=NOW)
            outcome = {}

            def go_on() -> None:
                with transaction.atomic():
                    outcome["reservation"] = reserve([held.pk, free.pk], count=1, at=NOW, wait=False)

            thread = in_thread(go_on)
            thread.join(20)
            assert not thread.is_alive()
        assert outcome["reservation"] == Reservation((free.pk,), {held.pk: "busy"})

    def test_locks_are_taken_in_the_order_of_ids(self) -> None:
        """Whatever the preference and wherever the rows lie: else two could wait for each other."""
        one, two = make_provider(), make_provider()
        set_load(one, open_offers=1)  # its row now lies behind the other's
        ProviderProfile.objects.filter(pk=one.pk).update(company_name="Moved")

        def go_on() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                # The plan of a small or fresh table: it reads rows where they lie.
                cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
                reserve([two.pk, one.pk], count=1, at=NOW)

        with transaction.atomic():
            reserve([one.pk], count=1, at=NOW)
            thread = in_thread(go_on)
            wait_until_somebody_waits()
            ProviderProfile.objects.select_for_update(nowait=True).get(pk=two.pk)
        thread.join(20)
        assert open_offers(one, two) == [2, 1]

    def test_the_profile_is_locked_before_the_load(self) -> None:
        """Whoever holds a profile (a transition of it) may take its load, without a deadlock."""
        provider = make_provider()
        started = threading.Event()

        def go_on() -> None:
            started.set()
            with transaction.atomic():
                reserve([provider.pk], count=1, at=NOW)

        with transaction.atomic():
            ProviderProfile.objects.select_for_update().get(pk=provider.pk)
            thread = in_thread(go_on)
            started.wait(20)
            wait_until_somebody_waits()
            ProviderLoad.objects.select_for_update(nowait=True).get(pk=provider.pk)
        thread.join(20)
        assert open_offers(provider) == [1]


THREADS, ROUNDS = 8, 50


@pytest.mark.django_db(transaction=True)
class TestThreads:
    def test_exceed_no_cap_and_lose_no_count(self) -> None:
        caps = [(2, 30, 100), (3, 100, 40), (1, 100, 100), (4, 25, 100), (2, 100, 100), (50, 100, 35)]
        providers = [
            make_provider(open_offers_max=opened, leads_per_day_max=day, leads_per_month_max=month)
            for opened, day, month in caps
        ]
        provider_ids = [provider.pk for provider in providers]
        taken, given_back, failures = Counter(), Counter(), []
        tally = threading.Lock()

        def work(seed: int) -> None:
            chance = random.Random(seed)
            try:
                for _ in range(ROUNDS):
                    _one_round(chance)
            except Exception as error:
                failures.append(error)

        def _one_round(chance: random.Random) -> None:
            preferred = chance.sample(provider_ids, len(provider_ids))
            with transaction.atomic():
                reserved = reserve(preferred, count=2, at=NOW).reserved
            loads = ProviderLoad.objects.filter(provider__in=provider_ids)
            opened = loads.values_list("provider_id", "open_offers")
            over = [(pk, count) for pk, count in opened if count > caps[provider_ids.index(pk)][0]]
            assert not over
            back = [one for one in reserved if chance.random() < 0.98]
            with transaction.atomic():
                release(back)
            with tally:
                taken.update(reserved)
                given_back.update(back)

        threads = [in_thread(lambda seed=seed: work(seed)) for seed in range(THREADS)]
        for thread in threads:
            thread.join(120)
        assert failures == []
        for provider, (opened, day, month) in zip(providers, caps, strict=True):
            load = ProviderLoad.objects.get(provider=provider)
            assert load.offers_total == load.offers_on_day == load.offers_in_month == taken[provider.pk]
            assert load.open_offers == taken[provider.pk] - given_back[provider.pk]
            assert load.open_offers <= opened
            assert load.offers_on_day <= min(day, month)
        assert sum(taken.values()) >= 60
