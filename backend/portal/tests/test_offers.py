"""The list of offers: what stands in it, how it keeps itself up to date, and what it costs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from backend.leads.models import LeadAssignment
from backend.leads.tests.admin_pages import count_statements
from backend.leads.tests.factories import QUOTES, make_provider
from backend.matching.tests.factories import set_load
from backend.portal.board import read_board
from backend.portal.tests.factories import client_of, make_claim, make_offer, offer_page
from backend.users.models import ProviderProfile
from backend.users.tests.factories import chief
from workflows import SystemActor, clock

pytestmark = pytest.mark.django_db

PAGE = "/provider/offers/"


def titles_of(cards: Any) -> list[str]:
    return [card.lead.title for card in cards]


def poll(client: Client, *, seen: str) -> Any:
    return client.get(PAGE, {"seen": seen}, headers={"HX-Request": "true"})


class TestWaiting:
    def test_stand_soonest_end_first(self) -> None:
        now = clock.now()
        later = make_offer(title="Later")
        with clock.at(now - datetime.timedelta(hours=9)):
            make_offer(later.provider, title="Sooner")
        assert titles_of(read_board(later.provider).waiting) == ["Sooner", "Later"]

    def test_say_all_that_the_provider_may_know(self) -> None:
        offer = make_offer(
            title="A leak", place_name="Mitte", budget=1200, urgency="now", language="en", latitude=52.61
        )
        page = client_of(offer.provider.user).get(PAGE).content.decode()
        for fact in (
            "A leak",
            str(offer.lead.category),
            "Mitte, 10\N{NO-BREAK SPACE}km away",
            "1,200",
            "At once",
            "English",
        ):
            assert fact in page
        assert offer.lead.reference in page
        assert "in 47 hours" in page

    def test_say_nothing_of_the_client(self) -> None:
        offer = make_offer(email="ann@example.com", phone="+49 170 1234567")
        offer.accept(by=offer.provider.user)
        page = client_of(offer.provider.user).get(PAGE).content.decode()
        assert "Contact and details" in page
        for secret in ("ann@example.com", "1234567", offer.lead.contact.name):
            assert secret not in page

    def test_say_why_one_cannot_be_accepted_any_more(self) -> None:
        offer = make_offer()
        with clock.at(offer.expires_at):
            [card] = read_board(offer.provider).waiting
        assert card.obstacle == "Its time is over."


class TestClaimable:
    def test_say_how_many_places_are_free(self) -> None:
        lead, provider = make_claim()
        [card] = read_board(provider).claimable
        assert (card.lead, card.places_free, card.obstacle) == (lead, 1, "")
        assert "1 place is free." in client_of(provider.user).get(PAGE).content.decode()

    def test_say_that_all_places_are_taken(self) -> None:
        lead, provider = make_claim()
        lead.assignments.filter(status="offered").first().accept(by=chief())
        [card] = read_board(provider).claimable
        assert (card.places_free, card.obstacle) == (0, "All 3 places are taken by other providers.")
        assert "Claim a place" not in client_of(provider.user).get(PAGE).content.decode()

    def test_say_that_the_provider_is_full_itself(self) -> None:
        _lead, provider = make_claim()
        set_load(provider, open_offers=provider.open_offers_max)
        [card] = read_board(provider).claimable
        assert card.obstacle == f"{provider} has all its open offers in use."


class TestPast:
    def test_is_what_ended_in_the_last_thirty_days_latest_first(self) -> None:
        now, provider = clock.now(), make_offer(title="Open").provider
        with clock.at(now - datetime.timedelta(days=31)):
            make_offer(provider, title="Long ago").decline(by=provider.user, reason="too_far")
        with clock.at(now - datetime.timedelta(days=3)):
            make_offer(provider, title="Unanswered")
        LeadAssignment.objects.get(lead__title="Unanswered").expire(by=SystemActor("timer"))
        won = make_offer(provider, title="Won")
        won.accept(by=provider.user)
        won.lead.refresh_from_db()
        won.lead.record_quote(by=QUOTES, assignment=won)
        won.lead.award(by=chief(), assignment=won)

        context = client_of(provider.user).get(PAGE).context
        assert titles_of(context["past_cards"]) == ["Won", "Unanswered"]

    def test_is_paged_by_ten(self) -> None:
        provider = make_provider(leads_per_day_max=50)
        for number in range(12):
            make_offer(provider, title=f"Job {number}").decline(by=provider.user, reason="too_far")
        client = client_of(provider.user)
        assert len(client.get(PAGE).context["past_cards"]) == 10
        second = client.get(PAGE, {"page": "2"})
        assert titles_of(second.context["past_cards"]) == ["Job 1", "Job 0"]
        assert "Page 2 of 2" in second.content.decode()


class TestEmptyList:
    @pytest.mark.parametrize(
        ("move", "words"),
        [
            (None, "No offer waits for you. When a client near you asks for what you do, it appears here"),
            ("pause", "No offer waits for you, and none will come: you have paused."),
            ("suspend", "No offer waits for you, and none will come: your account is suspended."),
        ],
    )
    def test_says_what_will_come(self, move: str | None, words: str) -> None:
        provider = make_provider()
        if move:
            getattr(provider, move)(by=chief(), reason="a reason")
        page = client_of(provider.user).get(PAGE).content.decode()
        assert words in page
        assert "Nothing has ended in the last 30 days." in page


class TestPoll:
    def test_is_answered_with_nothing_while_nothing_changed(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)
        seen = client.get(PAGE).context["board"].fingerprint
        with clock.at(clock.now() + datetime.timedelta(hours=5)):
            response = poll(client, seen=seen)
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["Cache-Control"] == "no-store"

    def test_is_answered_with_the_live_part_alone_once_something_has(self) -> None:
        lead, provider = make_claim()
        client = client_of(provider.user)
        seen = client.get(PAGE).context["board"].fingerprint
        lead.assignments.filter(status="offered").first().accept(by=chief())

        part = poll(client, seen=seen).content.decode()

        assert part.strip().startswith('<div id="live"')
        assert "All 3 places are taken by other providers." in part
        assert "What became of it" not in part
        assert f"seen={read_board(provider).fingerprint}" in part

    @pytest.mark.parametrize("field", [{"title": "Another"}, {"place_name": "Wedding"}, {"urgency": "now"}])
    def test_notices_an_edited_lead(self, field: dict[str, Any]) -> None:
        offer = make_offer()
        earlier = read_board(offer.provider).fingerprint
        type(offer.lead).objects.filter(pk=offer.lead_id).update(**field)
        assert read_board(offer.provider).fingerprint != earlier

    def test_notices_the_end_of_an_offer_before_it_is_swept(self) -> None:
        offer = make_offer()
        earlier = read_board(offer.provider).fingerprint
        with clock.at(offer.expires_at):
            assert read_board(offer.provider).fingerprint != earlier

    def test_leads_the_whole_page_to_the_login_when_that_has_ended(self) -> None:
        response = poll(Client(), seen="x")
        assert (response.status_code, response.headers["HX-Redirect"]) == (200, f"/login/?next={PAGE}")


class TestStatements:
    """Session, user, profile, notifications; offers open and accepted, tips, places, own limits; past, its count."""

    def make_offers(self, provider: ProviderProfile, count: int) -> None:
        for _number in range(count):
            make_offer(provider)
            make_offer(provider).accept(by=provider.user)
            make_offer(provider).decline(by=provider.user, reason="too_far")

    def test_of_the_list_do_not_grow_with_the_offers(self) -> None:
        _lead, provider = make_claim()
        provider.open_offers_max = provider.leads_per_day_max = 100
        provider.save()
        client = client_of(provider.user)
        self.make_offers(provider, 1)
        assert count_statements(client, PAGE) == 12
        self.make_offers(provider, 4)
        assert count_statements(client, PAGE) == 12

    def test_of_one_offer_are_few(self) -> None:
        offer = make_offer()
        assert count_statements(client_of(offer.provider.user), offer_page(offer.lead)) == 13
