"""The page on fairness and drift: who sees it, what it says, the lists behind its figures; and its command."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from backend.leads.models import LeadAssignment
from backend.leads.tests.admin_pages import ROLE_NAMES, count_statements, make_member
from backend.leads.tests.history import DAY, NOW, make_history
from backend.leads.tests.test_dashboard_warnings import make_answered
from backend.matching.tests.factories import make_category, make_provider
from workflows import clock

pytestmark = pytest.mark.django_db

PAGE = "/admin/fairness/"
LAST_WEEK = NOW - 9 * DAY

# The session, the user and its permissions; then categories, and the six of the report.
STATEMENTS = 4 + 1 + 6


def open_page(client: Client, **asked: Any) -> Any:
    with clock.at(NOW):
        response = client.get(PAGE, asked)
    return response.context["page"]


def count_listed(client: Client, address: str) -> int:
    with clock.at(NOW):
        return int(client.get(address, follow=True).context["cl"].result_count)


class TestWho:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_sees_it_are_those_who_see_what_it_speaks_of(self, client: Client, role: str) -> None:
        sees = role in ("dispatcher", "auditor", "admin")
        client.force_login(make_member(role))

        assert client.get(PAGE).status_code == (200 if sees else 403)
        assert client.post(PAGE).status_code == 405
        for place in ("/admin/", "/admin/matching/rankingmodel/"):
            assert (f'href="{PAGE}"' in client.get(place).content.decode()) is sees


class TestPage:
    def test_takes_the_same_few_statements_whatever_there_is(self, client: Client) -> None:
        client.force_login(make_member("auditor"))
        assert count_statements(client, PAGE) == STATEMENTS

        make_history()

        assert count_statements(client, f"{PAGE}?days=90") == STATEMENTS

    def test_leads_from_each_figure_to_exactly_its_list(self, client: Client) -> None:
        make_history()
        LeadAssignment._base_manager.filter(status="won").update(propensity=0.25)
        with clock.at(NOW - 40 * DAY):
            make_provider(make_category())
        client.force_login(make_member("auditor"))
        page = open_page(client)
        tiles = {tile.name: tile for tile in page.tiles}

        lists = {
            "offers": (tiles["gini-offers"].figure.address, 6),
            "wins": (tiles["gini-wins"].figure.address, 1),
            "providers": (tiles["sharing-providers"].figure.address, 11),
            "explored": (tiles["exploration"].figure.address, 1),
            "judged": (page.judgement.offers.address, 2),
            **{bar.name: (bar.figure.address, int(bar.figure.words)) for bar in page.waits},
        }
        for row in page.week_rows[1:3]:
            lists[f"{row.days} answered"] = row.offers.address, int(row.offers.words)
            lists[f"{row.days} accepted"] = row.accepted.address, int(row.accepted.words)

        assert {name: count_listed(client, address) for name, (address, _count) in lists.items()} == {
            name: count for name, (_address, count) in lists.items()
        }
        assert [bar.figure.words for bar in page.waits] == ["2", "0", "0", "1", "0"]
        assert [(row.offers.words, row.accepted.words, row.verdict) for row in page.week_rows] == [
            ("0", "0", "not over"),
            ("2", "0", "not over"),
            ("2", "2", "too few"),
            ("0", "0", "too few"),
            ("0", "0", "too few"),
        ]

    def test_says_that_the_band_was_left_and_what_to_do(self, client: Client) -> None:
        make_answered(at=LAST_WEEK, accepted=8, declined=52)
        client.force_login(make_member("dispatcher"))

        page = open_page(client, days=7)

        assert page.judgement.title == "✗ Acceptance has left its band"
        assert page.judgement.words == (
            "15 Jun – 21 Jun: of 60 answered offers 13.3 % were accepted. Ranking promised 50.0 %; chance alone leaves"
            " it within 33.4 – 66.6 % in 99 of 100 weeks."
        )
        assert "manage.py train_ranking" in page.judgement.advice

    def test_draws_bands_and_curves_to_scale(self, client: Client) -> None:
        make_answered(at=LAST_WEEK, accepted=8, declined=52)
        client.force_login(make_member("auditor"))

        page = open_page(client)

        (mark,) = page.weeks.marks
        # Five weeks in 640 units; up to 70 % in 200 units: 13.3 % lie at 161.9, the band from 33.4 to 66.6 %.
        assert (mark.middle, mark.observed, mark.is_out) == (320.0, 161.9, True)
        assert mark.outer == (9.6, 95.0)
        assert [tick.words for tick in page.weeks.ticks] == ["0.0 %", "35.0 %", "70.0 %"]
        (point,) = page.points
        assert (point.x, point.y) == (100.0, 173.3)
        assert page.offers_curve.endswith(" 200.0,0.0")

    def test_tells_the_models_of_a_week_apart(self, client: Client) -> None:
        history = make_history()
        history["won"].decisions.update(policy_version="top-n/1 · learned/7")
        client.force_login(make_member("auditor"))

        rows = [row for row in open_page(client).week_rows if row.offers.words != "0"]

        assert [(row.models.partition(", ")[2] or row.models, row.is_part) for row in rows[1:]] == [
            ("learned/7", False),
            (rows[2].models, True),
            ("learned/7", True),
        ]

    def test_is_empty_in_words_where_nothing_happened(self, client: Client) -> None:
        client.force_login(make_member("auditor"))

        text = client.get(PAGE).content.decode()

        assert "Too few answered offers to tell" in text
        assert "None of the offers that ranking made in these weeks has been answered yet." in text
        assert "style=" not in text[text.index("fd-page") : text.index("fd-weeks")]


class TestCommand:
    def print_report(self, *arguments: str) -> str:
        out = io.StringIO()
        with clock.at(NOW):
            call_command("report_fairness", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_the_figures_of_the_page(self) -> None:
        make_history()

        lines = self.print_report("--days", "30").splitlines()

        assert lines[0] == "Since 1 Jun 2026: 10 active providers, 0 others that had an offer."
        assert [line.split() for line in lines if line.startswith(("offers", "wins"))] == [
            ["offers", "6", "0.400", "16.7", "%"],
            ["wins", "1", "0.900", "100.0", "%"],
        ]
        assert "Exploration: 0 of 6 offers of the policy (0.0 %)." in lines

    def test_prints_json_of_one_category(self) -> None:
        category = make_history()["won"].category

        report = json.loads(self.print_report("--json", "--category", category.slug))

        assert (report["providers"]["active"], report["offers"]["total"], report["wins"]["gini"]) == (
            2,
            2,
            0.5,
        )
        assert (report["last_settled_week"]["answered"], report["last_settled_week"]["verdict"]) == (1, "few")
        assert [week["answered"] for week in report["weeks"]] == [0, 0, 1, 0, 0]

    def test_refuses_what_there_is_not(self) -> None:
        with pytest.raises(CommandError, match="There is no category 'none'"):
            self.print_report("--category", "none")
        with pytest.raises(CommandError, match="at least one day"):
            self.print_report("--days", "0")
