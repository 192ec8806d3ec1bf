"""Explanations of offers: effects against a neutral provider, the strongest first, and what chance did."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from backend.leads.admin.explanation import Explanation, Reason, Scale, explain_offer
from backend.leads.admin.routing_report import build_waves
from backend.leads.models import RoutingDecision
from backend.leads.services import answers
from backend.leads.tests.admin_pages import ROLE_NAMES, address_of, count_statements, make_member
from backend.leads.tests.factories import chief, make_claimable_lead, make_provider, make_verified_lead
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

# Weights: distance_ratio −1.4, rating 1.6, load_ratio −0.8, open_soon 0.5.
NEAR = {
    "provider": 1,
    "rank": 1,
    "score": 0.21,
    "accepts": 0.78,
    "wins": 0.42,
    "discount": 0.632121,
    "propensity": 1.0,
    "distance_km": 4.2,
    "open_offers": 6,
    "open_offers_max": 8,
    "offers_total": 12,
    "parts": [
        ["base", 1.0, -2.6],
        ["distance_ratio", 0.0, 0.0],
        ["rating", 0.95, 1.52],
        ["load_ratio", 0.75, -0.6],
        ["open_soon", 1.0, 0.5],
    ],
}
FAR = {
    "provider": 2,
    "rank": 2,
    "score": 0.1,
    "propensity": 0.12,
    "distance_km": 20.0,
    "parts": [
        ["base", 1.0, -2.6],
        ["distance_ratio", 1.0, -1.4],
        ["rating", 0.7, 1.12],
        ["load_ratio", 0.0, 0.0],
        ["open_soon", 1.0, 0.5],
    ],
}


def decision_of(*candidates: dict[str, Any], places: int = 2) -> RoutingDecision:
    return RoutingDecision(pk=1, wave=1, places=places, candidates=list(candidates))


def explain(decision: RoutingDecision, provider_id: int) -> Explanation:
    explanation = explain_offer(decision, provider_id)
    assert explanation is not None
    return explanation


class TestReasons:
    def test_compare_with_a_neutral_provider_and_come_strongest_first(self) -> None:
        explanation = explain(decision_of(NEAR, FAR), 1)
        assert [reason.sentence for reason in explanation.said] == [
            "4.2 km away +0.7",
            "6 of 8 open offers taken −0.6",
            "4.8 stars +0.4",
        ]
        assert [reason.sentence for reason in explanation.others] == ["open now 0.0"]

    def test_have_bars_from_the_middle_scaled_to_the_largest_of_the_decision(self) -> None:
        reasons = Scale.of([NEAR, FAR]).list_reasons(FAR)
        assert reasons[0] == Reason("distance ratio", "20 km away", -0.7, x=0.0, width=24.0)
        assert [(reason.x, reason.width) for reason in reasons[1:]] == [(24.0, 0.0)] * 3

    def test_of_one_alone_leave_out_what_cannot_be_weighed(self) -> None:
        explanation = explain(decision_of(NEAR), 1)
        assert [reason.text for reason in explanation.said] == ["6 of 8 open offers taken", "4.8 stars"]

    def test_of_an_older_decision_are_told_from_what_it_keeps(self) -> None:
        old = {name: FAR[name] for name in ("provider", "rank", "score", "distance_km", "parts")}
        explanation = explain(decision_of(old), 2)
        assert [reason.sentence for reason in explanation.said] == ["20 km away −0.7"]
        assert (explanation.accepts, explanation.wins, explanation.discount, explanation.chance) == (
            None,
            None,
            None,
            "",
        )

    def test_are_none_for_whom_the_decision_does_not_name(self) -> None:
        assert explain_offer(decision_of(NEAR), 9) is None


class TestChance:
    @pytest.mark.parametrize(
        ("propensity", "places", "words"),
        [
            (
                0.12,
                2,
                "Drawn by chance: a part of the places is, so that the market keeps learning. Its chance was 12 %.",
            ),
            (0.034, 1, "Not drawn for a place that was left to chance: its chance was 3.4 %."),
            (1.0, 2, ""),
            (0.0, 1, ""),
            (None, 2, ""),
        ],
    )
    def test_is_said_where_it_had_a_part(self, propensity: float | None, places: int, words: str) -> None:
        decision = decision_of(NEAR, {**FAR, "propensity": propensity}, places=places)
        assert explain(decision, 2).chance == words

    def test_is_said_briefly_in_a_table(self) -> None:
        candidates = [{**one, "name": "x", "outcome": "offered"} for one in (NEAR, FAR)]
        (wave,) = build_waves([decision_of(*candidates)], [])
        assert [entry.chance for entry in wave.offered] == ["", "drawn by chance (12 %)"]


@pytest.mark.django_db
class TestTheOffersPage:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_says_why_to_every_role(self, client: Client, role: str) -> None:
        lead = make_verified_lead(providers=8)
        client.force_login(make_member(role))
        drawn = lead.assignments.get(rank=5)
        page = client.get(address_of(drawn)).content.decode()
        assert "Rank 5 of 8." in page
        assert "Its chance was 25 %." in page
        assert "no reviews yet, or 3.8 stars" in page
        assert "Its chance was" not in client.get(address_of(lead.assignments.get(rank=4))).content.decode()

    def test_says_who_chose_it_and_that_it_was_claimed(self, client: Client) -> None:
        client.force_login(make_member("auditor"))
        lead, provider = make_claimable_lead()
        claimed = answers.claim(lead, provider=provider, by=provider.user)
        assert (
            "It was told of the lead, and claimed a place."
            in client.get(address_of(claimed)).content.decode()
        )
        other = make_verified_lead()
        other.assign_by_hand(
            by=chief(), provider=make_provider(other.category), reason="They know the house."
        )
        chosen = other.assignments.latest("pk")
        page = client.get(address_of(chosen)).content.decode()
        assert "chose it:</strong> <q>They know the house.</q>" in page

    def test_takes_the_same_statements_for_few_and_many_candidates(self, client: Client) -> None:
        client.force_login(make_member("admin"))
        few, many = (make_verified_lead(providers=providers).assignments.first() for providers in (1, 9))
        assert [count_statements(client, address_of(offer)) for offer in (few, many)] == [13, 13]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_explanation_is_for_everybody(make_desk: MakeDesk, scheme: str) -> None:
    offer = make_verified_lead(providers=8).assignments.get(rank=5)
    desk = make_desk(color_scheme=scheme, viewport={"width": 390, "height": 844})
    desk.log_in("verifier")
    page = desk.open(address_of(offer))
    page.locator(".pc-explanation summary").click()
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
