"""A request that changes while it is offered: what no longer fits ends, what was accepted stays, and a wave follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from backend.leads.models import Lead
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_staff,
    make_verified_lead,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification
from backend.users.models import ProviderProfile
from workflows import TransitionBlocked, TransitionForbidden, TransitionRecord

pytestmark = pytest.mark.django_db

MUNICH = (48.14, 11.58)


def revise(lead: Lead, **changed: Any) -> None:
    asked = {
        name: getattr(lead, name)
        for name in ("category", "latitude", "longitude", "language", "place_name", "budget")
    }
    lead.revise(**{"by": chief(), **asked, **changed})


def told(provider: ProviderProfile) -> list[tuple[str, str]]:
    """Return type and subject of what a provider was told, in order."""
    notes = Notification.objects.filter(recipient=provider.user).order_by("pk")
    return list(notes.values_list("type", "subject"))


class TestRevise:
    def test_withdraws_open_offers_that_no_longer_fit_and_keeps_the_others(self) -> None:
        category, other = make_category(), make_category()
        both, one = make_provider(category, other), make_provider(category)
        lead = make_lead(category)
        lead.verify(by=chief())

        revise(lead, category=other)

        offers = {offer.provider: offer for offer in lead.assignments.all()}
        assert (offers[both].status, offers[one].status) == ("offered", "withdrawn")
        event = TransitionRecord.objects.get(
            machine="leads.leadassignment", object_id=offers[one].pk, log__transition="withdraw"
        )
        assert (event.actor, event.reason) == (
            "system:revision",
            f"The request has changed: {one} does not offer the category.",
        )
        assert told(one)[-1] == ("system_update", "No longer on offer: A dripping tap")
        assert told(both)[-1] == ("system_update", "The request has changed: A dripping tap")
        assert ProviderLoad.objects.get(provider=one).open_offers == 0

    def test_keeps_what_was_accepted_though_it_no_longer_fits_and_tells_it(self) -> None:
        lead = make_verified_lead(providers=1)
        offer = lead.assignments.get()
        offer.accept(by=chief())

        revise(lead, latitude=MUNICH[0], longitude=MUNICH[1], place_name="Munich")

        offer.refresh_from_db()
        assert (offer.status, offer.version) == ("accepted", 2)
        assert told(offer.provider)[-1] == ("system_update", "The request has changed: A dripping tap")

    def test_offers_the_places_to_whoever_fits_now_and_supersedes_the_decision(self) -> None:
        category = make_market(providers=5)
        near = make_provider(category, place=MUNICH)
        lead = make_lead(category)
        lead.verify(by=chief())

        revise(lead, latitude=MUNICH[0], longitude=MUNICH[1])

        assert [offer.provider for offer in lead.assignments.filter(status="offered")] == [near]
        assert list(lead.decisions.values_list("wave", "is_revision")) == [(1, False), (2, True)]
        lead.refresh_from_db()
        assert (lead.status, lead.version, lead.latitude) == ("verified", 3, MUNICH[0])

    def test_takes_the_right_to_claim_from_whoever_does_not_fit_any_more(self) -> None:
        lead = make_verified_lead(providers=7)
        assert lead.tips.count() == 2
        revise(lead, latitude=MUNICH[0], longitude=MUNICH[1])
        assert lead.tips.count() == 0

    def test_never_offers_it_again_to_whom_it_was_withdrawn(self) -> None:
        lead = make_verified_lead(providers=1)
        place = (lead.latitude, lead.longitude)
        revise(lead, latitude=MUNICH[0], longitude=MUNICH[1])
        revise(lead, latitude=place[0], longitude=place[1])
        assert list(lead.assignments.values_list("status", flat=True)) == ["withdrawn"]

    def test_withdraws_for_the_language(self) -> None:
        lead = make_verified_lead(providers=1)
        revise(lead, language="de")
        assert lead.assignments.get().status == "withdrawn"

    def test_withdraws_nothing_for_a_budget(self) -> None:
        lead = make_verified_lead(providers=2)
        revise(lead, budget=Decimal(250))
        assert list(lead.assignments.values_list("status", flat=True)) == ["offered", "offered"]

    def test_that_changes_nothing_is_refused(self) -> None:
        lead = make_verified_lead(providers=1)
        with pytest.raises(TransitionBlocked, match="It asks for the same already"):
            revise(lead)
        assert (lead.version, lead.decisions.count()) == (2, 1)

    def test_to_a_category_that_is_not_served_is_refused(self) -> None:
        lead = make_verified_lead(providers=1)
        other = make_category()
        other.is_served = False
        other.save()
        with pytest.raises(TransitionBlocked, match="is not served at present"):
            revise(lead, category=other)
        assert Lead.objects.get(pk=lead.pk).category != other

    def test_off_the_globe_is_refused(self) -> None:
        lead = make_verified_lead(providers=1)
        with pytest.raises(TransitionBlocked, match="Latitude goes from"):
            revise(lead, latitude=91.0)

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"budget": Decimal(-5)}, "Budget: Ensure this value is greater than or equal to 0."),
            (
                {"budget": Decimal(10) ** 8},
                "Budget: Ensure that there are no more than 8 digits before the decimal point.",
            ),
            (
                {"place_name": "x" * 121},
                "Place: Ensure this value has at most 120 characters (it has 121).",
            ),
        ],
    )
    def test_to_what_no_lead_may_hold_is_refused(self, changed: dict[str, Any], sentence: str) -> None:
        lead = make_verified_lead(providers=1)
        with pytest.raises(TransitionBlocked) as refused:
            revise(lead, **changed)
        assert [check.message for check in refused.value.reasons] == [sentence]
        lead.refresh_from_db()
        assert (lead.version, lead.budget, lead.place_name) == (2, None, "")

    def test_offers_nothing_that_nobody_could_accept(self) -> None:
        """Three have accepted, two places are free, and providers are left that were not asked."""
        lead = make_verified_lead(providers=9)
        *takers, fourth, fifth = lead.assignments.order_by("rank")
        for offer in takers:
            offer.accept(by=chief())
        fourth.decline(by=chief(), reason="too_busy")
        fifth.decline(by=chief(), reason="too_busy")

        revise(lead, budget=Decimal(250))

        assert sorted(lead.assignments.values_list("status", flat=True)) == [
            *["accepted"] * 3,
            *["declined"] * 2,
        ]
        decision = lead.decisions.get(is_revision=True)
        assert (decision.places, decision.offered_count, decision.told_count) == (0, 0, 0)
        lead.refresh_from_db()
        assert (lead.wave, lead.retry_at) == (2, None)

    def test_is_for_those_who_may(self) -> None:
        lead = make_verified_lead(providers=1)
        with pytest.raises(TransitionForbidden):
            revise(lead, by=make_staff(), budget=Decimal(1))


class TestEdit:
    def test_of_what_does_not_matter_does_nothing_else(self) -> None:
        lead = make_verified_lead(providers=2)
        before = (lead.version, Notification.objects.count(), TransitionRecord.objects.count())
        lead.title, lead.text = "Two dripping taps", "In the kitchen."
        lead.save()
        lead.refresh_from_db()
        assert lead.title == "Two dripping taps"
        assert (lead.version, Notification.objects.count(), TransitionRecord.objects.count()) == before

    def test_of_what_matters_is_free_while_the_lead_is_new(self) -> None:
        lead = make_lead()
        lead.latitude = MUNICH[0]
        lead.save()
        assert Lead.objects.get(pk=lead.pk).latitude == MUNICH[0]

    @pytest.mark.parametrize("change", ["latitude = 48", "language = 'de'", "budget = 1"])
    def test_of_what_matters_is_refused_by_the_database_once_it_is_offered(self, change: str) -> None:
        lead = make_verified_lead(providers=1)
        with (
            pytest.raises(IntegrityError, match="while it is offered: revise it"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE leads_lead SET {change} WHERE id = %s", [lead.pk])
        assert lead.assignments.get().status == "offered"
