"""How a provider dealt with its offers, beside others of its categories."""

from __future__ import annotations

import datetime

import pytest

from backend.catalog.models import Category
from backend.leads.figures.scope import Scope
from backend.leads.figures.scorecard import Counts, Rates, Scorecard, measure_scorecard
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.factories import (
    QUOTES,
    TIMER,
    chief,
    make_category,
    make_lead,
    make_provider,
)
from backend.users.models import ProviderProfile
from workflows import clock

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 30, 12, 0, tzinfo=datetime.UTC)
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
NOTHING = Rates(None, None, None, None, None)


def offer_of(provider: ProviderProfile, category: Category, *, ago: datetime.timedelta) -> LeadAssignment:
    """Return the offer that a new lead brought to a provider so long ago."""
    with clock.at(NOW - ago):
        lead = make_lead(category)
        lead.verify(by=chief())
    return lead.assignments.get(provider=provider)


def move(offer: LeadAssignment, name: str, *, after: datetime.timedelta) -> None:
    with clock.at(offer.starts_at + after):
        again = LeadAssignment.objects.get(pk=offer.pk)
        if name == "expire":
            again.expire(by=TIMER)
        elif name == "decline":
            again.decline(by=chief(), reason="too_busy")
        else:
            again.accept(by=chief())


def award(offer: LeadAssignment) -> None:
    lead = Lead.objects.get(pk=offer.lead_id)
    lead.record_quote(by=QUOTES, assignment=offer)
    lead.award(by=chief(), assignment=offer)


def measure(provider: ProviderProfile) -> Scorecard:
    return measure_scorecard(provider.pk, span=Scope(NOW, 90).span)


class TestMeasureScorecard:
    def test_counts_answers_and_times_from_the_offer_on(self) -> None:
        category = make_category()
        provider = make_provider(category)
        move(offer_of(provider, category, ago=9 * DAY), "accept", after=2 * HOUR)
        won = offer_of(provider, category, ago=8 * DAY)
        move(won, "accept", after=4 * HOUR)
        with clock.at(NOW - 7 * DAY):
            award(won)
        move(offer_of(provider, category, ago=6 * DAY), "decline", after=6 * HOUR)
        expired = offer_of(provider, category, ago=5 * DAY)
        move(expired, "expire", after=expired.expires_at - expired.starts_at)
        offer_of(provider, category, ago=HOUR)

        card = measure(provider)

        assert card.counts == Counts(
            offered=1,
            accepted=1,
            won=1,
            declined=1,
            expired=1,
            withdrawn=0,
            lost=0,
            claimed=0,
            responses=3,
            ever_accepted=2,
            answered=4,
            finished=1,
        )
        assert card.counts.made == 5
        assert card.own == Rates(4 * HOUR, 5.6 * HOUR, 0.5, 1.0, 0.25)
        assert (card.others, card.others_count) == (NOTHING, 0)

    def test_compares_with_the_median_of_those_that_offer_the_same(self) -> None:
        category, elsewhere = make_category(), make_category()
        provider = make_provider(category)
        others = [make_provider(category, elsewhere) for _other in range(3)]
        with clock.at(NOW - 3 * DAY):
            lead = make_lead(category)
            lead.verify(by=chief())
            foreign = make_lead(elsewhere)
            foreign.verify(by=chief())
        for hours, other in enumerate(others, start=1):
            move(lead.assignments.get(provider=other), "decline", after=hours * HOUR)
            move(foreign.assignments.get(provider=other), "accept", after=9 * HOUR)

        card = measure(provider)

        assert (card.others, card.others_count) == (Rates(2 * HOUR, 2 * HOUR, 0.0, None, 0.0), 3)
        assert (card.own, card.counts.made) == (NOTHING, 1)

    def test_knows_that_a_lost_offer_was_accepted_before(self) -> None:
        category = make_category()
        winner, loser, silent = (make_provider(category) for _provider in range(3))
        with clock.at(NOW - 3 * DAY):
            lead = make_lead(category)
            lead.verify(by=chief())
        offers = {one.provider_id: one for one in lead.assignments.all()}
        move(offers[winner.pk], "accept", after=HOUR)
        move(offers[loser.pk], "accept", after=3 * HOUR)
        with clock.at(NOW - 2 * DAY):
            award(LeadAssignment.objects.get(pk=offers[winner.pk].pk))

        lost, unanswered = measure(loser), measure(silent)

        assert (lost.counts.lost, lost.counts.finished, lost.counts.ever_accepted) == (1, 1, 1)
        assert lost.own == Rates(3 * HOUR, 3 * HOUR, 1.0, 0.0, 0.0)
        assert (unanswered.counts.lost, unanswered.counts.answered, unanswered.own) == (1, 0, NOTHING)

    def test_leaves_out_offers_of_before(self) -> None:
        category = make_category()
        provider = make_provider(category)
        offer_of(provider, category, ago=91 * DAY)

        card = measure(provider)

        assert (card.counts.made, card.own) == (0, NOTHING)
