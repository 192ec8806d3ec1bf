"""How offers are shared and whether promises come true, of hand-made histories."""

from __future__ import annotations

import importlib
import json

import pytest
from django.db import connection

from backend.leads.figures.drift import last_settled_week, measure_drift, measure_week
from backend.leads.figures.newcomers import Wait, count_newcomers, list_longest_waiting
from backend.leads.figures.scope import WEEK, Scope
from backend.leads.figures.sharing import Exploration, count_explored, measure_sharing
from backend.leads.models import LeadAssignment, RoutingDecision
from backend.leads.services.answers import claim
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_claimable_lead,
    make_provider,
    make_verified_lead,
)
from backend.leads.tests.history import DAY, HOUR, NOW, SCOPE, make_history
from backend.users.models import ProviderProfile
from workflows import clock

pytestmark = pytest.mark.django_db


def promise(**promises: float) -> None:
    """Have the offers of each state been promised so much."""
    for status, promised in promises.items():
        LeadAssignment._base_manager.filter(status=status).update(predicted=promised)


def store_candidates_as_before() -> None:
    """Store the candidates of all decisions as they were when that migration ran: an object for each."""
    with connection.cursor() as cursor:
        for decision in RoutingDecision.objects.all():
            candidates = [dict(entry) for entry in decision.candidates]
            cursor.execute(
                "UPDATE leads_routingdecision SET candidates = %s WHERE id = %s",
                [json.dumps(candidates), decision.pk],
            )


class TestOffer:
    def test_keeps_what_its_decision_promised(self) -> None:
        lead = make_verified_lead(providers=2)
        entries = {entry["provider"]: entry for entry in lead.decisions.get().candidates}

        kept = {one.provider_id: (one.predicted, one.propensity) for one in lead.assignments.all()}

        assert kept == {pk: (entry["accepts"], entry["propensity"]) for pk, entry in entries.items()}
        assert all(0 < predicted < 1 for predicted, _propensity in kept.values() if predicted)

    def test_that_was_claimed_or_made_by_hand_is_promised_nothing(self) -> None:
        lead, provider = make_claimable_lead()
        claimed = claim(lead, provider=provider, by=provider.user)
        other = make_verified_lead(providers=0)
        other.assign_by_hand(by=chief(), provider=make_provider(other.category), reason="Asked for it.")

        assert (claimed.predicted, claimed.propensity) == (None, None)
        assert other.assignments.values_list("predicted", "propensity").get() == (None, None)

    def test_of_before_is_filled_in_from_its_decision(self) -> None:
        make_history()
        lead, provider = make_claimable_lead()
        claim(lead, provider=provider, by=provider.user)
        offers = LeadAssignment._base_manager.order_by("pk")
        before = list(offers.values_list("pk", "predicted", "propensity"))
        offers.update(predicted=None, propensity=None)
        store_candidates_as_before()

        importlib.import_module("backend.leads.migrations.0013_fill_offer_predictions").fill(None, None)

        assert list(offers.values_list("pk", "predicted", "propensity")) == before
        assert sum(predicted is None for _pk, predicted, _propensity in before) == 1


class TestDrift:
    def test_counts_answered_offers_in_the_week_in_which_they_were_made(self) -> None:
        make_history()
        promise(declined=0.2, expired=0.4, accepted=0.8, won=0.5, offered=0.9, lost=0.9)

        drift = measure_drift(SCOPE)

        assert [(week.span.since.day, week.tally.offers, week.is_settled) for week in drift.weeks] == [
            (1, 0, True),
            (8, 0, True),
            (15, 2, True),
            (22, 2, False),
            (29, 0, False),
        ]
        third, fourth = (drift.weeks[number].tally for number in (2, 3))
        # One promised .8 and one promised .5 were accepted.
        assert (third.accepted, third.promised, third.variance) == pytest.approx((2, 1.3, 0.16 + 0.25))
        assert (third.squared, third.surprise) == pytest.approx((0.04 + 0.25, 0.2231436 + 0.6931472))
        assert (fourth.accepted, fourth.promised, fourth.squared) == pytest.approx((0, 0.6, 0.04 + 0.16))
        assert [(one.low, one.high, one.tally.offers, one.tally.accepted) for one in drift.bins] == [
            (0.2, 0.3, 1, 0),
            (0.4, 0.5, 1, 0),
            (0.5, 0.6, 1, 1),
            (0.8, 0.9, 1, 1),
        ]
        assert drift.tally.offers == 4

    def test_tells_the_models_of_a_week_apart(self) -> None:
        history = make_history()
        history["won"].decisions.update(policy_version="top-n/1 · learned/7")
        promise(accepted=0.8, won=0.5)

        week = measure_week(SCOPE)

        assert [(model, tally.offers, tally.promised) for model, tally in week.by_model] == [
            (history["accepted"].decisions.get().policy_version.rpartition(" · ")[2], 1, 0.8),
            ("learned/7", 1, 0.5),
        ]

    def test_is_of_one_category_where_one_is_chosen(self) -> None:
        history = make_history()

        week = measure_week(Scope(NOW, category_id=history["won"].category_id))

        assert (week.tally.offers, week.tally.accepted) == (1, 1)

    @pytest.mark.parametrize("days_later", range(7))
    def test_judges_a_week_once_its_offers_have_had_their_time(self, days_later: int) -> None:
        # NOW is a Tuesday: the week from the 22nd to the 29th is judged from Thursday on.
        week = last_settled_week(NOW + days_later * DAY)

        assert week.since.day == (15 if days_later < 2 else 22)
        assert week.until - week.since == WEEK

    def test_of_certain_promises_is_finite(self) -> None:
        make_history()
        promise(accepted=0.0, won=1.0)

        assert measure_week(SCOPE).tally.surprise == pytest.approx(27.631021)


class TestSharing:
    def test_counts_those_that_had_none_too(self) -> None:
        make_history()
        idle, retired = ProviderProfile.objects.order_by("pk")[:2]  # of the lead that is new
        retired.retire(by=chief(), reason="Asked for it.")

        sharing = measure_sharing(SCOPE)

        # Two offers each of "verified", "accepted" and "won"; of "new" and "before" none in these 30 days.
        assert (sharing.active, sharing.others) == (9, 0)
        assert sharing.offers.holders_by_amount == {0: 3, 1: 6}
        assert sharing.wins.holders_by_amount == {0: 8, 1: 1}
        assert idle.status == "active"

    def test_counts_those_that_had_one_and_are_not_active_now(self) -> None:
        history = make_history()
        winner = history["won"].assignments.get(status="won").provider
        winner.pause(by=chief())

        sharing = measure_sharing(Scope(NOW, category_id=history["won"].category_id))

        assert (sharing.active, sharing.others) == (1, 1)
        assert (sharing.offers.holders_by_amount, sharing.wins.holders_by_amount) == ({1: 2}, {0: 1, 1: 1})

    def test_explores_what_was_not_certain(self) -> None:
        make_history()
        LeadAssignment._base_manager.filter(status="won").update(propensity=0.25)
        LeadAssignment._base_manager.filter(status="declined").update(propensity=None)

        explored = count_explored(SCOPE)

        assert explored == Exploration(made=5, explored=1)
        assert (explored.share, Exploration(0, 0).share) == (0.2, None)


class TestNewcomers:
    def test_are_told_by_how_long_they_have_waited(self) -> None:
        for days in (2, 7, 13, 27, 28, 55, 56, 400):
            with clock.at(NOW - days * DAY):
                make_provider(make_category(), company_name=f"Joined {days} days ago")
        with clock.at(NOW - 3 * DAY):
            make_verified_lead(providers=3)

        found = count_newcomers(SCOPE)

        assert found.by_wait == {
            Wait.UNDER_1: 1,
            Wait.UNDER_2: 2,
            Wait.UNDER_4: 1,
            Wait.UNDER_8: 2,
            Wait.SETTLED_IN: 2,
        }
        assert found.new == 6
        longest = list_longest_waiting(SCOPE)
        assert [one.name for one in longest] == [f"Joined {days} days ago" for days in (55, 28, 27, 13, 7, 2)]
        assert longest[0].since == NOW - 55 * DAY

    def test_wait_from_when_they_take_part(self) -> None:
        with clock.at(NOW - 50 * DAY):
            provider = make_provider(make_category())
        with clock.at(NOW - 2 * DAY):
            provider.pause(by=chief())
        assert count_newcomers(SCOPE).new == 0
        with clock.at(NOW - HOUR):
            provider.resume(by=chief())

        found = count_newcomers(Scope(NOW, category_id=provider.categories.get().pk))

        assert found.by_wait[Wait.UNDER_1] == found.new == 1
