"""What the dashboard warns of by itself, and when it is quiet again: the band, newcomers, the audit."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from backend.leads.admin.dashboard import build_dashboard
from backend.leads.admin.dashboard.tiles import Line, Tile
from backend.leads.models import LeadAssignment
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.factories import chief, make_category, make_lead, make_provider, make_verified_lead
from backend.leads.tests.history import DAY, HOUR, NOW
from workflows import clock
from workflows.invariants.tests.planting import plant
from workflows.models import AuditRun

pytestmark = pytest.mark.django_db

WEEK = 7 * DAY
REPORT = Line("Fairness and drift", "/admin/fairness/?days=30")


def tile_of(name: str, *, at: datetime.datetime = NOW) -> Tile:
    request: Any = RequestFactory().get("/admin/")
    request.user = make_member("auditor")
    with clock.at(at):
        dashboard = build_dashboard(request)
    return {tile.name: tile for tile in (*dashboard.rates, *dashboard.machinery)}[name]


def make_answered(*, at: datetime.datetime, accepted: int, declined: int) -> None:
    """Make answered offers of one instant that were promised .5 each: a real one, and copies of its row."""
    with clock.at(at):
        offer = make_verified_lead().assignments.get()
        offer.accept(by=chief())
    LeadAssignment._base_manager.filter(pk=offer.pk).update(predicted=0.5)
    plant(
        "INSERT INTO leads_leadassignment (lead_id, provider_id, decision_id, status, version, state_since, rank,"
        " score, predicted, was_claimed, starts_at, expires_at, created_at)"
        " SELECT lead_id, -number, decision_id, CASE WHEN number <= %s THEN 'accepted' ELSE 'declined' END, version,"
        " state_since, rank, score, predicted, was_claimed, starts_at, expires_at, created_at"
        " FROM leads_leadassignment, generate_series(1, %s) AS number WHERE id = %s",
        accepted - 1,
        accepted - 1 + declined,
        offer.pk,
    )


class TestBand:
    # Of 60 offers promised .5 each, from 21 to 39 accepted ones are within 99 %.
    LAST_WEEK = NOW - 9 * DAY

    def test_raises_the_alarm_when_a_week_lies_outside(self) -> None:
        make_answered(at=self.LAST_WEEK, accepted=8, declined=52)

        tile = tile_of("acceptance-band")

        assert (tile.figure.words, tile.alarm) == ("13.3 %", "Outside its band: promises do not come true")
        assert [line.words for line in tile.lines] == [
            "promised: 50.0 % · band: 33.4 – 66.6 %",
            "8 of 60 offers of 15 Jun – 21 Jun",
            "Fairness and drift",
        ]
        assert tile.lines[-1] == REPORT

    def test_is_quiet_again_once_a_later_week_lies_within(self) -> None:
        make_answered(at=self.LAST_WEEK, accepted=8, declined=52)
        make_answered(at=self.LAST_WEEK + WEEK, accepted=28, declined=32)

        assert tile_of("acceptance-band").alarm != ""
        assert tile_of("acceptance-band", at=NOW + WEEK).alarm == ""

    def test_says_nothing_of_too_few(self) -> None:
        make_answered(at=self.LAST_WEEK, accepted=1, declined=48)

        tile = tile_of("acceptance-band")

        assert (tile.alarm, tile.lines[0].words) == ("", "Too few answered offers to tell")


class TestNewcomers:
    def test_raise_the_alarm_when_they_wait_too_long(self) -> None:
        with clock.at(NOW - 28 * DAY + HOUR):
            provider = make_provider(make_category())
        waits = tile_of("newcomers")
        assert (waits.figure.words, waits.alarm, waits.lines) == ("1", "", (REPORT,))

        late = tile_of("newcomers", at=NOW + HOUR)

        assert (late.figure.words, late.alarm) == ("1", "1 waits longer than 4 weeks")
        assert late.lines[0].address == "/admin/users/providerprofile/?first_offer=under_8"
        assert provider.status == "active"

    def test_are_no_matter_once_they_have_had_an_offer(self) -> None:
        with clock.at(NOW - 30 * DAY):
            category = make_category()
            make_provider(category)
        with clock.at(NOW - DAY):
            make_lead(category).verify(by=chief())

        tile = tile_of("newcomers")

        assert (tile.figure.words, tile.alarm) == ("0", "")


class TestAudit:
    def keep_run(self, *, ago: datetime.timedelta, violations: int = 0, news: int = 0) -> str:
        run = AuditRun.objects.create(
            started_at=NOW - ago, took="1", violations=violations, news=news, results=[]
        )
        return reverse("admin:workflows_auditrun_change", args=[run.pk])

    def test_is_quiet_when_all_holds(self) -> None:
        address = self.keep_run(ago=20 * HOUR / 60)

        tile = tile_of("audit")

        assert (tile.figure, tile.alarm) == (
            Line("All hold", reverse("admin:workflows_auditrun_changelist")),
            "",
        )
        assert tile.lines == (Line("Audited 20 min ago", address),)

    def test_is_grave_when_something_is_violated_until_it_is_not(self) -> None:
        address = self.keep_run(ago=HOUR, violations=1_200, news=2)

        tile = tile_of("audit")

        assert (tile.figure, tile.alarm, tile.is_grave) == (
            Line("1,200 violations", address),
            "Look at once what is wrong",
            True,
        )
        assert tile.lines[0].words == "2 of them new"
        self.keep_run(ago=HOUR / 60)
        assert (tile_of("audit").alarm, tile_of("audit").is_grave) == ("", False)

    def test_warns_when_it_does_not_run(self) -> None:
        never = tile_of("audit")
        self.keep_run(ago=3 * HOUR, violations=1)
        violated = tile_of("audit")
        self.keep_run(ago=3 * HOUR)
        late = tile_of("audit")

        assert (never.figure.words, never.alarm, never.is_grave) == ("–", "It should run every hour", False)
        assert violated.lines[-1].words == "It should run every hour"
        assert (late.figure.words, late.alarm, late.is_grave) == (
            "All hold",
            "It should run every hour",
            False,
        )
