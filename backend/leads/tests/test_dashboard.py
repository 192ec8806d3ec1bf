"""The admin's first page: exact figures of a hand-made history, the lists behind them, and who sees what."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.sessions.middleware import SessionMiddleware
from django.test import Client, RequestFactory

from backend.jobs.models import Job, Worker
from backend.leads.admin.dashboard import Dashboard, build_dashboard
from backend.leads.admin.dashboard.tiles import Line
from backend.leads.figures.scope import Scope
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import ROLE_NAMES, count_statements, make_member
from backend.leads.tests.factories import make_lead, make_staff, make_verified_lead
from backend.leads.tests.history import DAY, HOUR, NOW, SCOPE, make_history, submitted
from backend.matching.models import RankingModel
from backend.notifications.models import Delivery, Receiver
from workflows import clock
from workflows.models import AuditRun

pytestmark = pytest.mark.django_db

# Measured: the session, the user and its permissions, then categories, whether there is any lead, what waits (2),
# the terms, speed, fill, funnel, offers, promises of a week, newcomers, trends, the latest audit, deliveries,
# receivers, jobs and workers (2), and the admin's recent actions.
STATEMENTS = 22


def request_of(role: str, **parameters: Any) -> Any:
    request = RequestFactory().get("/admin/", parameters)
    request.user = make_member(role)
    return request


def dashboard_of(role: str, **parameters: Any) -> Dashboard:
    with clock.at(NOW):
        return build_dashboard(request_of(role, **parameters))


def counted(dashboard: Dashboard) -> list[Line]:
    """Return every figure of the page that is a count with a list behind it; of the days those with something."""
    tiles = [*dashboard.waiting, *dashboard.machinery, *dashboard.speed, *dashboard.rates]
    figures = [tile.figure for tile in tiles] + [
        bar.figure for bar in (*dashboard.funnel, *dashboard.answers)
    ]
    if dashboard.trends:
        figures += [chart.total for chart in dashboard.trends.charts]
        figures += [cell for _day, cells in dashboard.trends.rows for cell in cells if cell.words != "0"]
    return [figure for figure in figures if figure.words.isdecimal()]


def count_listed(client: Client, address: str) -> int:
    with clock.at(NOW):
        return int(client.get(address, follow=True).context["cl"].result_count)


class TestLists:
    @pytest.mark.parametrize("days", [7, 30, 90])
    def test_hold_exactly_what_the_figure_counts(self, client: Client, days: int) -> None:
        make_history()
        client.force_login(make_member("admin"))
        figures = counted(dashboard_of("admin", days=days))

        assert len(figures) >= 24
        assert {one.address: count_listed(client, one.address) for one in figures} == {
            one.address: int(one.words) for one in figures
        }

    def test_hold_one_category_alone_where_one_is_chosen(self, client: Client) -> None:
        category = make_history()["accepted"].category_id
        client.force_login(make_member("admin"))
        figures = counted(dashboard_of("admin", category=category))

        assert [one.words for one in figures[-4:]] == ["1", "1", "2", "1"]
        assert {one.address: count_listed(client, one.address) for one in figures} == {
            one.address: int(one.words) for one in figures
        }

    def test_hold_the_leads_whose_speed_and_share_is_told(self, client: Client) -> None:
        make_history()
        client.force_login(make_member("admin"))
        dashboard = dashboard_of("admin")
        tiles = {tile.name: tile for tile in (*dashboard.speed, *dashboard.rates)}

        assert {name: count_listed(client, tile.figure.address) for name, tile in tiles.items()} == {
            "verifying": 3,
            "placing": 2,
            "whole": 2,
            "fill-rate": 3,
            "acceptance-rate": 4,
            "acceptance-band": 2,
            "newcomers": 2,
        }
        assert [(line.words, count_listed(client, line.address)) for line in tiles["fill-rate"].lines] == [
            ("2 of 3 leads", 2),
            ("1 without a provider", 1),
        ]

    @pytest.mark.parametrize("words", ["", "..", "2026-99-01..2026-01-01", "soon", "31"])
    def test_ignore_a_span_that_is_none(self, client: Client, words: str) -> None:
        make_lead()
        client.force_login(make_member("admin"))

        assert count_listed(client, f"/admin/leads/lead/?verified={words}") == 1

    @pytest.mark.parametrize("days", [7, 30, 90])
    def test_offer_the_periods_by_themselves(self, client: Client, days: int) -> None:
        make_history()
        client.force_login(make_member("admin"))

        assert count_listed(client, f"/admin/leads/lead/?accepted={days}") == {7: 0, 30: 2, 90: 3}[days]


class TestPage:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_shows_to_each_role_what_it_may_open_and_nothing_else(self, client: Client, role: str) -> None:
        make_history()
        dashboard = dashboard_of(role)
        machinery = {tile.name for tile in dashboard.machinery}
        seen = {
            Lead: bool(dashboard.waiting and dashboard.speed and dashboard.funnel and dashboard.trends),
            LeadAssignment: bool(dashboard.answers),
            Delivery: "dead-deliveries" in machinery,
            Receiver: "paused-receivers" in machinery,
            Job: {"failed-jobs", "oldest-job"} <= machinery,
            Worker: "workers" in machinery,
            AuditRun: "audit" in machinery,
            RankingModel: {"acceptance-band", "newcomers"} <= {tile.name for tile in dashboard.rates},
        }
        member = make_member(role)
        client.force_login(member)

        for model, is_seen in seen.items():
            assert is_seen == member.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
        assert {client.get(figure.address).status_code for figure in counted(dashboard)} == {200}

    def test_shows_no_figure_to_staff_without_a_role(self, client: Client) -> None:
        make_history()
        client.force_login(make_staff())

        page = client.get("/admin/").content.decode()

        assert "pc-tile" not in page
        assert "pc-scope" not in page

    def test_shows_offers_alone_to_whoever_may_open_those_alone(self) -> None:
        make_history()
        request = RequestFactory().get("/admin/")
        request.user = make_staff("view_leadassignment")

        dashboard = build_dashboard(request)

        assert [tile.name for tile in dashboard.rates] == ["acceptance-rate"]
        assert (dashboard.waiting, dashboard.speed, dashboard.funnel, dashboard.trends) == ((), (), (), None)

    def test_counts_no_offers_a_day_for_whoever_may_not_open_them(self) -> None:
        make_history()
        request = RequestFactory().get("/admin/")
        request.user = make_staff("view_lead")

        dashboard = build_dashboard(request)

        assert dashboard.trends is not None
        assert [chart.name for chart in dashboard.trends.charts] == ["submitted", "verified", "accepted"]
        assert [tile.name for tile in dashboard.rates] == ["fill-rate"]

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_tells_of_no_contact(self, client: Client, role: str) -> None:
        make_verified_lead(email="somebody@example.com")
        client.force_login(make_member(role))

        assert "somebody@example.com" not in client.get("/admin/").content.decode()

    def test_takes_the_same_few_statements_whatever_there_is(self, client: Client) -> None:
        client.force_login(make_member("admin"))
        assert count_statements(client, "/admin/") == STATEMENTS

        for _lead in range(3):
            make_verified_lead(providers=3)

        assert count_statements(client, "/admin/?days=90") == STATEMENTS

    def test_raises_the_alarm_over_a_lead_that_waits_too_long(self) -> None:
        lead = submitted(ago=4 * HOUR)
        assert dashboard_of("verifier").waiting[0].alarm == ""
        earlier = submitted(ago=5 * HOUR)

        tile = dashboard_of("verifier").waiting[0]

        assert (tile.figure.words, tile.alarm) == ("2", "Waits longer than 4 h")
        assert tile.lines == (
            Line(f"Oldest: {earlier.reference}, for 5 h", f"/admin/leads/lead/{earlier.pk}/change/"),
        )
        assert lead.reference != earlier.reference

    def test_compares_with_the_period_before_in_words(self) -> None:
        make_history()

        dashboard = dashboard_of("finance")

        assert [tile.compared for tile in dashboard.speed] == [
            "before: 1 h, nine of ten within 1 h",
            "▼ faster · before: 6 h, nine of ten within 6 h",
            "▼ faster · before: 7 h, nine of ten within 7 h",
        ]
        assert [(tile.figure.words, tile.compared) for tile in dashboard.rates] == [
            ("66.7 %", "▼ less · before: 100 %"),
            ("50.0 %", "▼ less · before: 100 %"),
        ]

    def test_draws_each_day_and_tells_it_in_words(self) -> None:
        make_history()
        trends = dashboard_of("auditor").trends
        assert trends is not None

        chart = trends.charts[0]

        assert chart.description == "4 from 1 Jun to 30 Jun; most on 18 Jun: 1."
        assert [bar.words for bar in chart.bars] == ["18 Jun: 1", "20 Jun: 1", "25 Jun: 1", "30 Jun: 1"]
        assert (chart.bars[0].x, chart.bars[0].y, chart.bars[0].width, chart.bars[0].height) == (
            205.2,
            0,
            9.6,
            64,
        )
        assert (trends.rows[0][0], [cell.words for cell in trends.rows[0][1]]) == (
            "30 Jun",
            ["1", "0", "0", "0"],
        )
        assert len(trends.rows) == 30

    def test_says_that_there_is_nothing_yet_and_what_to_do(self, client: Client) -> None:
        client.force_login(make_member("verifier"))

        page = client.get("/admin/").content.decode()

        assert "No leads yet" in page
        assert "Take in the first lead" in page
        assert "None in this period." in page

    def test_has_no_style_written_into_it(self, client: Client) -> None:
        make_verified_lead()
        client.force_login(make_member("admin"))

        page = client.get("/admin/").content.decode()

        assert "style=" not in page[page.index("pc-dashboard") : page.index("pc-lists")]

    @pytest.mark.parametrize("words", ["", "0", "31", "-7", "x", "٣٠", "9" * 5000])
    def test_shows_30_days_of_all_when_asked_for_what_there_is_not(self, words: str) -> None:
        assert dashboard_of("admin", days=words, category=words).scope == SCOPE

    def test_keeps_the_category_when_another_period_is_chosen(self) -> None:
        category = make_history()["won"].category_id

        periods = dashboard_of("admin", category=category, days=7).periods

        assert [(one.address, one.is_chosen) for one in periods] == [
            (f"?days=7&category={category}", True),
            (f"?days=30&category={category}", False),
            (f"?days=90&category={category}", False),
        ]

    def test_works_in_the_stock_admin_too(self) -> None:
        make_verified_lead()
        request = request_of("admin")
        SessionMiddleware(lambda _request: None).process_request(request)  # type: ignore[arg-type,return-value]
        stock = AdminSite()
        stock._registry = admin.site._registry

        page = stock.index(request).render().content.decode()

        assert 'id="tile-new-leads"' in page


class TestScope:
    def test_begins_at_midnight_and_ends_now(self) -> None:
        scope = Scope(NOW, days=7)

        assert (scope.span.since, scope.span.until) == (NOW.replace(hour=0) - 6 * DAY, NOW)
        assert scope.span.before.until - scope.span.before.since == scope.span.until - scope.span.since

    @pytest.mark.parametrize(("zone", "since_hour"), [("Europe/Berlin", 22), ("America/New_York", 4)])
    def test_begins_at_midnight_where_the_project_is(self, settings: Any, zone: str, since_hour: int) -> None:
        settings.TIME_ZONE = zone

        since = Scope(NOW, days=7).span.since.astimezone(datetime.UTC)

        assert since.hour == since_hour
