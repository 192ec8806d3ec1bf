"""``manage.py seed_demo``: the same market from the same seed, in an empty database only."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from backend.leads.models import Lead
from backend.procompare.demo.market import HISTORY, build_market, why_not_empty
from backend.procompare.tests.demo_market import fingerprint, small_market
from backend.users.models import ProviderProfile, User
from workflows import Channel, SystemActor, acting

pytestmark = [pytest.mark.long, pytest.mark.django_db]

SMALL = {"providers": 20, "leads": 20, "as_of": "2025-06-11T12:00:00Z"}


def _build_and_take_back(**size: int) -> dict[str, str]:
    """Return the fingerprint of a market that is gone again."""
    with transaction.atomic():
        build_market(small_market(**size))
        found = fingerprint()
        transaction.set_rollback(True)
    return found


def _counts() -> tuple[int, int, int]:
    return Lead.objects.count(), ProviderProfile.objects.count(), User.objects.count()


class TestBuildMarket:
    def test_makes_the_same_of_the_same_seed_and_another_of_another(self) -> None:
        first = _build_and_take_back(leads=30, providers=30)
        assert _build_and_take_back(leads=30, providers=30) == first
        other = _build_and_take_back(leads=30, providers=30, seed=2)
        assert [part for part in first if first[part] == other[part]] == []

    def test_announces_every_day_of_its_history_once(self) -> None:
        days: list[None] = []
        build_market(small_market(leads=20, providers=20), on_day=lambda: days.append(None))
        assert HISTORY.days - 2 <= len(days) <= HISTORY.days + 1

    def test_leaves_nothing_behind_when_it_is_stopped_half_way(self) -> None:
        days = iter(range(30))

        def stop_after_a_month() -> None:
            next(days)

        with pytest.raises(StopIteration), transaction.atomic():
            build_market(small_market(leads=20, providers=20), on_day=stop_after_a_month)
        assert _counts() == (0, 0, 0)
        assert why_not_empty() == ""

    @pytest.mark.parametrize(("providers", "leads"), [(0, 100), (10, 11)])
    def test_refuses_a_market_too_small_to_show_anything(self, providers: int, leads: int) -> None:
        with pytest.raises(ValueError, match="it takes 1 and 12 at least"):
            small_market(providers=providers, leads=leads)


class TestCommand:
    def test_says_what_it_made_and_who_may_log_in(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("seed_demo", **SMALL)
        printed = capsys.readouterr().out.splitlines()
        assert re.match(r"20 providers: (\d+ \w+(, )?)+$", printed[0])
        assert re.match(r"20 leads: (\d+ \w+(, )?)+$", printed[1])
        assert sum(int(number) for number in re.findall(r"\d+", printed[1].partition(":")[2])) == 20
        assert re.match(r"\d+ offers: (none|(\d+ \w+(, )?)+)$", printed[2])
        assert re.match(r"\d+ notifications; made in \d+\.\d s$", printed[3])
        assert printed[4] == (
            "Log in as (name / password): verifier / demo, dispatcher / demo, finance / demo, "
            "auditor / demo, admin / demo, provider / demo, provider2 / demo"
        )

    def test_refuses_a_database_that_has_leads(self) -> None:
        call_command("seed_demo", **SMALL)
        before = _counts()
        with pytest.raises(
            CommandError, match="Cannot build the demo market: the database holds 20 leads already"
        ):
            call_command("seed_demo", **SMALL)
        assert _counts() == before

    def test_does_nothing_quietly_where_there_are_leads_if_told_so(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("seed_demo", **SMALL)
        before = _counts()
        capsys.readouterr()
        call_command("seed_demo", "--if-empty", **SMALL)
        assert capsys.readouterr() == ("", "")
        assert _counts() == before

    def test_fills_an_empty_database_if_told_so(self) -> None:
        call_command("seed_demo", "--if-empty", **SMALL)
        assert Lead.objects.count() == 20

    def test_refuses_a_database_that_has_providers(self) -> None:
        with acting(by=SystemActor("test"), channel=Channel.COMMAND):
            ProviderProfile.objects.create(user=User.objects.create(username="x"), latitude=0, longitude=0)
        with pytest.raises(CommandError, match="the database holds 1 providers already"):
            call_command("seed_demo", **SMALL)
        assert _counts() == (0, 1, 1)

    def test_refuses_where_a_demo_login_is_somebody_elses(self) -> None:
        User.objects.create(username="admin")
        with pytest.raises(CommandError, match="these logins are taken: admin"):
            call_command("seed_demo", **SMALL)
        assert _counts() == (0, 0, 1)

    @pytest.mark.parametrize(
        ("argument", "value", "message"),
        [
            ("as_of", "yesterday", "Cannot read 'yesterday' as an instant"),
            ("as_of", "2025-06-31T12:00:00Z", "day is out of range"),
            ("leads", 3, "it takes 1 and 12 at least"),
        ],
    )
    def test_says_what_is_wrong_with_an_argument(self, argument: str, value: Any, message: str) -> None:
        with pytest.raises(CommandError, match=message):
            call_command("seed_demo", **{**SMALL, argument: value})
        assert _counts() == (0, 0, 0)

    def test_takes_an_instant_without_a_zone_as_utc_and_by_default_the_last_full_hour(self) -> None:
        call_command("seed_demo", **{**SMALL, "as_of": "2025-06-11T12:00:00"})
        as_of = datetime.datetime(2025, 6, 11, 12, tzinfo=datetime.UTC)
        assert User.objects.get(username="verifier").date_joined == as_of - datetime.timedelta(days=600)
