"""The record of a provider: each answer counts once, fades, and is the same when it is made anew from the log."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest

from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import track_records
from backend.leads.services.answers import claim
from backend.leads.tests.factories import (
    QUOTES,
    TIMER,
    chief,
    make_claimable_lead,
    make_lead,
    make_market,
    make_provider,
)
from backend.matching import track_record
from backend.matching.models import CategoryRecord, Sums, TrackRecord
from backend.matching.search import find_candidates
from backend.matching.tests.factories import make_request
from backend.matching.track_record import HALF_LIFE, Record
from backend.users.models import ProviderProfile
from workflows import clock

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
SUMS = [field.name for field in Sums._meta.get_fields()]


def sums_of(record: Sums) -> dict[str, float]:
    return {name: getattr(record, name) for name in SUMS}


def make_offer(provider: ProviderProfile) -> LeadAssignment:
    lead = make_lead(provider.categories.get())
    lead.verify(by=chief())
    offer: LeadAssignment = lead.assignments.get(provider=provider)
    return offer


def award(offer: LeadAssignment) -> None:
    lead: Lead = offer.lead
    lead.record_quote(by=QUOTES, assignment=offer)
    lead.award(by=chief(), assignment=offer)


@pytest.fixture
def provider() -> ProviderProfile:
    return make_provider(make_market(providers=0), open_offers_max=50, leads_per_day_max=50)


class TestAnAnswer:
    def test_adds_to_the_record_of_its_provider_and_category(self, provider: ProviderProfile) -> None:
        with clock.at(clock.now()):
            offers = [make_offer(provider) for _offer in range(3)]
            start = offers[0].starts_at
            with clock.at(start + 3 * HOUR):
                offers[0].accept(by=provider.user)
                offers[1].decline(by=provider.user, reason="too_far")
            with clock.at(offers[2].expires_at):
                offers[2].expire(by=TIMER)
                fade = 0.5 ** ((clock.now() - start - 3 * HOUR) / HALF_LIFE)
        record = TrackRecord.objects.get()
        assert (record.provider, record.category_id) == (provider, offers[0].lead.category_id)
        assert sums_of(record) == pytest.approx(
            {
                "answered": 2 * fade + 1,
                "accepted": fade,
                "responses": 2 * fade,
                "log_hours": 2 * fade * math.log(4),
                "finished": 0,
                "won": 0,
            }
        )

    def test_is_not_counted_where_staff_took_the_offer_back(self, provider: ProviderProfile) -> None:
        make_offer(provider).withdraw(by=chief(), reason="a mistake")
        assert not TrackRecord.objects.exists()

    def test_of_a_client_counts_for_those_that_had_accepted(self) -> None:
        category = make_market(providers=3)
        lead = make_lead(category)
        lead.verify(by=chief())
        first, second, third = lead.assignments.order_by("rank")
        first.accept(by=chief())
        second.accept(by=chief())
        award(first)
        records = {record.provider_id: record for record in TrackRecord.objects.all()}
        won = {key: (record.finished, record.won) for key, record in records.items()}
        assert won == {first.provider_id: (1, 1), second.provider_id: (1, 0)}
        assert third.provider_id not in records

    def test_is_taken_back_with_its_transaction(self, provider: ProviderProfile, monkeypatch: Any) -> None:
        offer = make_offer(provider)

        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr("backend.leads.services.answers.free_capacity", fail)
        with pytest.raises(RuntimeError):
            offer.accept(by=provider.user)
        assert not TrackRecord.objects.exists()


class TestEventsOutOfOrder:
    def test_add_up_to_the_same(self) -> None:
        now = clock.now()
        events = [
            (Record.of_answer(is_accepted=True, after=HOUR), now),
            (Record.of_silence(), now - HALF_LIFE),
            (Record.of_choice(is_won=True), now - 2 * HALF_LIFE),
        ]
        category, ahead, behind = make_market(providers=0), make_provider(), make_provider()
        for event, at in events:
            track_record.note(event, provider_id=ahead.pk, category_id=category.pk, at=at)
        for event, at in reversed(events):
            track_record.note(event, provider_id=behind.pk, category_id=category.pk, at=at)
        one, other = TrackRecord.objects.get(provider=ahead), TrackRecord.objects.get(provider=behind)
        assert one.as_of == other.as_of == now
        assert sums_of(one) == pytest.approx(sums_of(other))
        assert (one.answered, one.finished, one.won) == pytest.approx((1.5, 0.25, 0.25))


class TestRebuilding:
    def test_from_the_log_gives_the_same_records(self) -> None:
        lead, claimer = make_claimable_lead()
        claim(lead, provider=claimer, by=claimer.user)
        offers = list(lead.assignments.filter(status="offered"))
        offers[0].decline(by=chief(), reason="too_busy")
        with clock.at(offers[1].expires_at):
            offers[1].expire(by=TIMER)
            award(lead.assignments.filter(status="accepted").first())
        live = {record.provider_id: record for record in TrackRecord.objects.all()}
        at = offers[1].expires_at + HALF_LIFE

        with clock.at(at):
            track_records.rebuild()

        rebuilt = {record.provider_id: record for record in TrackRecord.objects.all()}
        assert rebuilt.keys() == live.keys()
        assert len(rebuilt) == 6
        for key, record in live.items():
            kept = 0.5 ** ((at - record.as_of) / HALF_LIFE)
            faded = {name: value * kept for name, value in sums_of(record).items()}
            assert sums_of(rebuilt[key]) == pytest.approx(faded, abs=1e-6)
        assert sum(record.won for record in rebuilt.values()) == pytest.approx(0.5)


class TestFeatures:
    def values(self, provider: ProviderProfile) -> dict[str, float]:
        found = find_candidates(make_request(provider.categories.get(), at=clock.now()))
        (candidate,) = [one for one in found.eligible if one.provider_id == provider.pk]
        names = ("acceptance", "responsiveness", "win_rate")
        return {name: candidate.features[name] for name in names}

    def test_of_a_new_provider_are_those_of_nobody_known(self, provider: ProviderProfile) -> None:
        assert self.values(provider) == pytest.approx(
            {"acceptance": 0.45, "responsiveness": 0.4, "win_rate": 1 / 3}
        )

    def test_move_with_its_answers(self, provider: ProviderProfile) -> None:
        with clock.at(clock.now()):
            for _offer in range(6):
                offer = make_offer(provider)
                offer.accept(by=provider.user)
            values = self.values(provider)
        # Six of its own and six times the mean; it answered at once.
        assert values["acceptance"] == pytest.approx((6 + 6 * 0.45) / 12)
        assert values["responsiveness"] == pytest.approx(1 / (1 + math.expm1(math.log(7) / 2) / 4))
        assert values["win_rate"] == pytest.approx(1 / 3)

    def test_of_one_without_a_record_are_its_categorys(self, provider: ProviderProfile) -> None:
        with clock.at(clock.now()):
            for _offer in range(6):
                make_offer(provider).decline(by=provider.user, reason="too_busy")
            other = make_provider(provider.categories.get())
            track_record.refresh_category_records(at=clock.now())
            assert CategoryRecord.objects.get().answered == pytest.approx(6)
            assert self.values(other)["acceptance"] == pytest.approx(6 * 0.45 / 12)
