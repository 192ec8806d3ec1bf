"""The page of one offer: answers, refusals in words, the client's contact, and the signed link."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from backend.leads.models import ContactView, LeadAssignment
from backend.leads.tests.factories import make_provider, make_verified_lead
from backend.portal.tests.factories import (
    client_of,
    give_password,
    key_page,
    make_claim,
    make_offer,
    offer_page,
    post_answer,
    sentences_of,
)
from backend.users.tests.factories import chief
from workflows import SystemActor, TransitionRecord, clock

pytestmark = pytest.mark.django_db


def events_of(offer: LeadAssignment) -> list[str]:
    records = TransitionRecord.objects.filter(machine="leads.leadassignment", object_id=offer.pk)
    return [record.log.transition for record in records.select_related("log").order_by("sequence")]


def last_record(offer: LeadAssignment) -> TransitionRecord:
    return TransitionRecord.objects.filter(machine="leads.leadassignment", object_id=offer.pk).latest(
        "sequence"
    )


def text_of(client: Client, offer: LeadAssignment) -> str:
    return client.get(offer_page(offer.lead)).content.decode()


class TestAccepting:
    def test_reveals_the_contact_and_records_who_did_it_where(self) -> None:
        offer = make_offer(email="ann@example.com")
        client = client_of(offer.provider.user)
        assert "ann@example.com" not in text_of(client, offer)

        response = post_answer(client, offer_page(offer.lead), "accept")

        assert sentences_of(response) == ["You have accepted this lead. Below is how to reach the client."]
        assert "mailto:ann@example.com" in response.content.decode()
        record = last_record(offer)
        assert (record.log.transition, record.channel) == ("accept", "page")
        assert record.actor == f"user:{offer.provider.user_id}"

    def test_twice_is_told_what_the_first_time_did(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)
        first, second = (post_answer(client, offer_page(offer.lead), "accept") for _click in range(2))
        assert sentences_of(second) == sentences_of(first)
        assert events_of(offer) == ["create", "accept"]

    def test_too_late_is_told_that_others_were_faster(self) -> None:
        lead = make_verified_lead(providers=4)
        *first, last = lead.assignments.select_related("provider__user")
        client = client_of(last.provider.user)
        for offer in first:
            offer.accept(by=chief())

        response = post_answer(client, offer_page(lead), "accept")

        assert sentences_of(response) == ["All 3 places are taken by other providers."]
        assert events_of(last) == ["create"]
        page = response.content.decode()
        assert 'value="accept"' not in page
        assert "Decline…" in page

    def test_on_a_stale_page_is_told_what_it_is_now(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)
        offer.withdraw(by=chief(), reason="The client called.")

        response = post_answer(client, offer_page(offer.lead), "accept")

        assert sentences_of(response) == ["Now Withdrawn; was Offered when you opened the page."]
        assert events_of(offer) == ["create", "withdraw"]
        assert "It was taken back" in response.content.decode()
        assert "The client called." in response.content.decode()


class TestDeclining:
    def test_keeps_reason_and_note_and_leads_back_to_the_list(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)

        response = post_answer(
            client, offer_page(offer.lead), "decline", reason="too_far", note="An hour away.", back="offers"
        )

        assert response.redirect_chain == [("/provider/offers/", 302)]
        assert sentences_of(response) == ["You have declined this lead; its place goes to another provider."]
        assert last_record(offer).arguments == {"reason": "too_far", "note": "An hour away."}
        assert "Too far: An hour away." in text_of(client, offer)

    @pytest.mark.parametrize("reason", ["", "because"])
    def test_needs_a_reason_and_keeps_what_was_written(self, reason: str) -> None:
        offer = make_offer()
        response = post_answer(
            client_of(offer.provider.user), offer_page(offer.lead), "decline", reason=reason, note="A note."
        )
        page = response.content.decode()
        assert response.status_code == 422
        assert f'<details class="decline" open id="decline-{offer.lead.reference}">' in page
        assert ">A note.</textarea>" in page
        assert events_of(offer) == ["create"]

    def test_without_a_reason_after_its_end_is_shown_how_it_ended(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)
        offer.withdraw(by=chief(), reason="The client called.")
        response = post_answer(client, offer_page(offer.lead), "decline")
        assert (response.status_code, events_of(offer)) == (422, ["create", "withdraw"])
        assert "It was taken back" in response.content.decode()

    def test_after_accepting_in_another_tab_is_told_so(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user)
        post_answer(client, offer_page(offer.lead), "accept")
        response = post_answer(client, offer_page(offer.lead), "decline", reason="too_far")
        assert sentences_of(response) == ["Now Accepted; was Offered when you opened the page."]
        assert events_of(offer) == ["create", "accept"]


class TestClaiming:
    def test_takes_the_place_once_for_two_clicks(self) -> None:
        lead, provider = make_claim()
        client = client_of(provider.user)
        first, second = (post_answer(client, offer_page(lead), "claim") for _click in range(2))
        offer = lead.assignments.get(provider=provider)
        assert (offer.status, offer.was_claimed, events_of(offer)) == ("accepted", True, ["create", "claim"])
        assert sentences_of(first) == ["The place is yours. Below is how to reach the client."]
        assert sentences_of(second) == sentences_of(first)
        assert lead.contact.email in second.content.decode()
        assert "You claimed a place" in second.content.decode()
        assert "Offered to you" not in second.content.decode()

    def test_too_late_makes_no_offer(self) -> None:
        lead, provider = make_claim()
        client = client_of(provider.user)
        lead.assignments.filter(status="offered").first().accept(by=chief())

        response = post_answer(client, offer_page(lead), "claim")

        assert sentences_of(response) == ["All 3 places are taken by other providers."]
        assert not lead.assignments.filter(provider=provider).exists()

    def test_of_a_lead_without_a_free_place_is_no_button_but_a_checklist(self) -> None:
        lead = make_verified_lead(providers=6)
        provider = lead.tips.get().provider
        page = client_of(provider.user).get(offer_page(lead)).content.decode()
        assert "All 5 places are on offer to other providers; one may become free." in page
        assert "The provider was told of this lead" in page
        assert "Claim a place" not in page


class TestAnswer:
    @pytest.mark.parametrize("sent", [{"answer": "win"}, {}, {"answer": "accept", "expect_version": "many"}])
    def test_that_no_page_sends_is_refused(self, sent: dict[str, str]) -> None:
        offer = make_offer()
        response = client_of(offer.provider.user).post(offer_page(offer.lead), sent)
        assert response.status_code == 400
        assert "What was sent cannot be read" in response.content.decode()
        assert events_of(offer) == ["create"]

    def test_to_an_offer_that_was_not_made_finds_none(self) -> None:
        lead, provider = make_claim()
        assert post_answer(client_of(provider.user), offer_page(lead), "accept").status_code == 404
        assert not lead.assignments.filter(provider=provider).exists()

    def test_to_what_no_reference_can_be_finds_none(self) -> None:
        client = client_of(make_offer().provider.user)
        assert client.get("/provider/offers/%00/").status_code == 404

    def test_with_a_login_needs_a_csrf_token(self) -> None:
        offer = make_offer()
        client = client_of(offer.provider.user, enforce_csrf_checks=True)
        response = post_answer(client, offer_page(offer.lead), "accept")
        assert response.status_code == 403
        assert "What you sent did not come from this site’s page" in response.content.decode()
        assert events_of(offer) == ["create"]


class TestContact:
    def test_is_shown_on_record_each_time(self) -> None:
        offer = make_offer()
        offer.accept(by=offer.provider.user)
        client = client_of(offer.provider.user)
        for _view in range(2):
            assert offer.lead.contact.email in text_of(client, offer)
        views = ContactView.objects.values_list("assignment", "viewer", "channel")
        assert list(views) == [(offer.pk, offer.provider.user_id, "page")] * 2

    def test_is_not_recorded_as_seen_by_a_program_that_asks_for_the_head_alone(self) -> None:
        offer = make_offer()
        offer.accept(by=offer.provider.user)
        assert Client().head(key_page(offer.lead, offer.provider.user)).status_code == 200
        assert not ContactView.objects.exists()

    @pytest.mark.parametrize("end", ["decline", "expire", "withdraw"])
    def test_is_hidden_and_nothing_recorded_once_the_offer_has_ended(self, end: str) -> None:
        offer = make_offer()
        if end == "withdraw":
            offer.accept(by=offer.provider.user)
            offer.withdraw(by=chief(), reason="A mistake.")
        elif end == "decline":
            offer.decline(by=offer.provider.user, reason="budget")
        else:
            with clock.at(offer.expires_at):
                offer.expire(by=SystemActor("timer"))
        assert offer.lead.contact.email not in text_of(client_of(offer.provider.user), offer)
        assert not ContactView.objects.exists()

    def test_is_shown_to_whoever_comes_by_the_link(self) -> None:
        offer = make_offer()
        offer.accept(by=offer.provider.user)
        page = Client().get(key_page(offer.lead, offer.provider.user)).content.decode()
        assert offer.lead.contact.email in page


class TestSignedLink:
    def test_takes_an_answer_without_login_cookie_or_csrf_token(self) -> None:
        offer = make_offer()
        client, page = Client(enforce_csrf_checks=True), key_page(offer.lead, offer.provider.user)
        assert f'action="{page}"' in client.get(page).content.decode()

        response = post_answer(client, page, "accept")

        assert response.redirect_chain == [(page, 302)]
        assert sentences_of(response) == ["You have accepted this lead. Below is how to reach the client."]
        assert events_of(offer) == ["create", "accept"]
        assert "sessionid" not in client.cookies

    def test_says_for_whom_it_acts(self) -> None:
        offer = make_offer()
        page = Client().get(key_page(offer.lead, offer.provider.user)).content.decode()
        assert f"You act for <strong>{offer.provider.company_name}</strong>" in page
        assert "Log out" not in page

    def test_is_told_to_nobody_and_kept_nowhere(self) -> None:
        offer = make_offer()
        response = Client().get(key_page(offer.lead, offer.provider.user))
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"

    def test_leads_to_the_login_with_a_sentence_when_it_is_too_old(self) -> None:
        offer = make_offer()
        page = key_page(offer.lead, offer.provider.user)
        with clock.at(clock.now() + datetime.timedelta(days=31)):
            response = Client().get(page, follow=True)
        assert response.redirect_chain == [(f"/login/?next={offer_page(offer.lead)}", 302)]
        assert sentences_of(response) == ["This link does not open the page any more. Log in to see it."]

    def test_gives_way_to_a_login_of_the_same_person(self) -> None:
        offer = make_offer()
        response = client_of(offer.provider.user).get(key_page(offer.lead, offer.provider.user))
        assert (response.status_code, response.headers["Location"]) == (302, offer_page(offer.lead))

    def test_acts_for_its_own_provider_whoever_else_is_logged_in(self) -> None:
        offer = make_offer()
        other = give_password(make_provider())
        client = client_of(other)
        post_answer(client, key_page(offer.lead, offer.provider.user), "accept")
        assert last_record(offer).actor == f"user:{offer.provider.user_id}"
        assert client.get("/provider/offers/").context["visitor"].user == other

    def test_of_somebody_deactivated_opens_nothing(self) -> None:
        offer = make_offer()
        page = key_page(offer.lead, offer.provider.user)
        type(offer.provider.user).objects.update(is_active=False)
        assert Client().get(page).status_code == 302
        post_answer(Client(), page, "accept")
        assert events_of(offer) == ["create"]
