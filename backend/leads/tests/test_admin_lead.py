"""Leads in the admin: taking them in, editing them, their contacts, and why these providers."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from backend.catalog.models import City
from backend.leads.models import Lead, LeadContact
from backend.leads.services.contacts import confirm_contact
from backend.leads.tests.admin_pages import (
    address_of,
    edit_form,
    list_address,
    make_member,
    messages_of,
    transition_address,
)
from backend.leads.tests.factories import (
    DEMO,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_verified_lead,
)
from backend.matching.tests.factories import HAMBURG
from workflows import TransitionRecord

pytestmark = pytest.mark.django_db

ADD = "/admin/leads/lead/add/"


def login(client: Client, role: str) -> Any:
    member = make_member(role)
    client.force_login(member)
    return member


def new_lead(client: Client, **changed: Any) -> dict[str, Any]:
    values = {
        "title": "A dripping tap",
        "category": make_category().pk,
        "place_name": "berlin",
        "contact_name": "Ann",
        "contact_email": "ann@example.com",
    }
    return edit_form(client, ADD, **{**values, **changed})


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()}


class TestAdding:
    @pytest.fixture(autouse=True)
    def _cities(self) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        City.objects.create(name="Paris", country_code="FR", latitude=48.85, longitude=2.35)
        City.objects.create(name="Paris", country_code="US", latitude=33.66, longitude=-95.55)

    def test_takes_in_a_lead_with_its_contact_at_the_citys_centre(self, client: Client) -> None:
        member = login(client, "verifier")

        response = client.post(ADD, new_lead(client))

        assert response.status_code == 302
        lead = Lead.objects.get()
        assert (lead.status, lead.source, lead.place_name) == ("new", "admin", "Berlin")
        assert (lead.latitude, lead.longitude) == (52.52, 13.405)
        assert (lead.contact.name, lead.contact.email_key) == ("Ann", "ann@example.com")
        record = TransitionRecord.objects.get(machine="leads.lead")
        assert (record.actor, record.channel) == (f"user:{member.pk}", "admin")

    @pytest.mark.parametrize("place", ["Paris (FR)", "paris, fr"])
    def test_takes_the_country_into_account(self, place: str, client: Client) -> None:
        login(client, "verifier")
        client.post(ADD, new_lead(client, place_name=place))
        assert Lead.objects.get().latitude == 48.85

    def test_keeps_coordinates_that_are_given(self, client: Client) -> None:
        login(client, "verifier")
        client.post(ADD, new_lead(client, place_name="At the lake", latitude="52.1", longitude="13.2"))
        assert (Lead.objects.get().place_name, Lead.objects.get().latitude) == ("At the lake", 52.1)

    @pytest.mark.parametrize(
        ("changed", "errors"),
        [
            ({"place_name": ""}, {"place_name": ["Name a city, or give coordinates."]}),
            (
                {"place_name": "Atlantis"},
                {"place_name": ["“Atlantis” is no city that we know: give coordinates, or add the city."]},
            ),
            (
                {"place_name": "Paris"},
                {"place_name": ["Several cities have this name: Paris (FR), Paris (US)."]},
            ),
            ({"latitude": "52.5"}, {"longitude": ["Give both coordinates, or neither and a city."]}),
            (
                {"latitude": "91", "longitude": "0"},
                {"latitude": ["Ensure this value is less than or equal to 90."]},
            ),
            ({"contact_email": ""}, {"__all__": ["Give an e-mail address or a phone number."]}),
            ({"contact_email": "ann"}, {"contact_email": ["Enter a valid email address."]}),
            (
                {"contact_phone": "call me"},
                {"contact_phone": ["Not a phone number with its country's code: +49 170 1234567."]},
            ),
            ({"title": ""}, {"title": ["This field is required."]}),
        ],
    )
    def test_says_what_is_wrong_and_saves_nothing(
        self, changed: dict[str, str], errors: dict[str, list[str]], client: Client
    ) -> None:
        login(client, "verifier")

        response = client.post(ADD, new_lead(client, **changed))

        found = errors_of(response)
        assert {name: found.get(name) for name in errors} == errors
        assert (Lead.objects.count(), LeadContact.objects.count()) == (0, 0)


class TestEditing:
    def test_changes_the_contact_in_the_same_form(self, client: Client) -> None:
        lead = make_lead()
        login(client, "verifier")

        response = client.post(
            address_of(lead), edit_form(client, address_of(lead), title="Two taps", contact_name="Ann Lee")
        )

        assert response.status_code == 302
        lead = Lead.objects.select_related("contact").get()
        assert (lead.title, lead.contact.name, lead.version) == ("Two taps", "Ann Lee", 1)
        assert lead.contact.confirmed_at is not None

    def test_asks_to_confirm_another_address_anew(self, client: Client) -> None:
        lead = make_lead()
        login(client, "verifier")
        form = edit_form(client, address_of(lead), contact_email="other@example.com")

        response = client.post(address_of(lead), form)

        contact = LeadContact.objects.get()
        assert (contact.email, contact.email_key, contact.confirmed_at) == ("other@example.com",) * 2 + (
            None,
        )
        assert "The contact is another one now: confirm it anew." in messages_of(response)

    def test_ignores_a_contact_posted_by_whoever_may_not_write_it(self, client: Client) -> None:
        lead = make_lead(email="ann@example.com")
        login(client, "dispatcher")
        form = edit_form(client, address_of(lead), title="Two taps", contact_email="forged@example.com")

        assert client.post(address_of(lead), form).status_code == 302

        lead = Lead.objects.select_related("contact").get()
        assert (lead.title, lead.contact.email) == ("Two taps", "ann@example.com")

    @pytest.mark.parametrize("role", ["finance", "auditor"])
    def test_is_refused_to_whoever_may_only_look(self, role: str, client: Client) -> None:
        lead = make_lead()
        login(client, role)

        assert client.post(address_of(lead), {"title": "Forged"}).status_code == 403
        assert Lead.objects.get().title == lead.title

    def test_keeps_source_and_reference(self, client: Client) -> None:
        lead = make_lead(source="import")
        login(client, "admin")
        form = edit_form(client, address_of(lead), source="forged", reference="L-1", wave="7")

        client.post(address_of(lead), form)

        stored = Lead.objects.get()
        assert (stored.source, stored.reference, stored.wave) == ("import", lead.reference, 0)


class TestContactsAreHidden:
    def test_from_finance_on_page_list_and_search(self, client: Client) -> None:
        lead = make_lead(email="secret@example.com", phone="+49 30 901820")
        lead.contact.name = "Ann Secret"
        lead.contact.save()
        login(client, "finance")

        pages = [client.get(address_of(lead)), client.get(list_address(Lead))]
        found = client.get(list_address(Lead), {"q": "secret@example.com"}).context["cl"].result_count

        for page in pages:
            assert "ecret" not in page.content.decode()
            assert "901820" not in page.content.decode()
        assert found == 0

    def test_from_nobody_else(self, client: Client) -> None:
        lead = make_lead(email="found@example.com")
        for role in ("verifier", "dispatcher", "auditor", "admin"):
            login(client, role)
            assert "found@example.com" in client.get(address_of(lead)).content.decode()
            changelist = client.get(list_address(Lead), {"q": "found@example.com"}).context["cl"]
            assert [row.pk for row in changelist.result_list] == [lead.pk]


class TestConfirmContact:
    def test_notes_who_confirmed_it_and_when(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        member = login(client, "verifier")

        response = client.post(address_of(lead, "confirm_contact"))

        assert (response.status_code, response.headers["Location"]) == (302, address_of(lead))
        contact = LeadContact.objects.get()
        assert contact.confirmed_by == member
        assert contact.confirmed_at is not None
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id, entry.get_change_message()) == (
            member,
            str(lead.pk),
            "Contact confirmed.",
        )

    def test_is_harmless_the_second_time(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        confirm_contact(lead, by=None)
        before = LeadContact.objects.values().get()
        login(client, "verifier")

        response = client.post(address_of(lead, "confirm_contact"))

        assert messages_of(response) == ["The contact was confirmed already."]
        assert (LeadContact.objects.values().get(), LogEntry.objects.count()) == (before, 0)

    def test_is_never_done_by_a_get(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        login(client, "verifier")
        assert client.get(address_of(lead, "confirm_contact")).status_code == 405
        assert LeadContact.objects.get().confirmed_at is None

    @pytest.mark.parametrize("role", ["dispatcher", "finance", "auditor"])
    def test_is_refused_to_others(self, role: str, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        login(client, role)
        assert "Confirm contact" not in client.get(address_of(lead)).content.decode()
        assert client.post(address_of(lead, "confirm_contact")).status_code == 403
        assert LeadContact.objects.get().confirmed_at is None

    def test_of_no_lead_is_not_found(self, client: Client) -> None:
        login(client, "verifier")
        assert client.post("/admin/leads/lead/1/confirm-contact/").status_code == 404

    def test_is_not_offered_when_the_lead_has_ended(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        lead.reject(by=DEMO, reason="other")
        login(client, "verifier")
        assert "Confirm contact" not in client.get(address_of(lead)).content.decode()


class TestArguments:
    def test_offer_accepted_offers_of_this_lead_for_an_award(self, client: Client) -> None:
        lead, other = make_verified_lead(providers=3), make_verified_lead()
        accepted, open_one, *_rest = lead.assignments.order_by("rank")
        accepted.accept(by=DEMO)
        other.assignments.get().accept(by=DEMO)
        lead.refresh_from_db()
        lead.record_quote(by=DEMO, assignment=accepted)
        login(client, "dispatcher")

        form = client.get(transition_address(lead, "award")).context["question"].form

        assert [key for key, _text in form.fields["assignment"].choices] == ["", str(accepted.pk)]
        response = client.post(
            transition_address(lead, "award"), {"expect": "quoted", "assignment": open_one.pk}
        )
        assert (response.status_code, Lead.objects.get(pk=lead.pk).status) == (422, "quoted")

    def test_offer_no_duplicate_as_an_original(self, client: Client) -> None:
        lead, original, repeated = make_lead(), make_lead(), make_lead()
        repeated.mark_duplicate(by=DEMO, of=original)
        login(client, "verifier")

        form = client.get(transition_address(lead, "mark_duplicate")).context["question"].form

        assert [key for key, _text in form.fields["of"].choices] == ["", str(original.pk)]


class TestWhyTheseProviders:
    def test_lists_offers_told_and_excluded_with_their_rules(self, client: Client) -> None:
        category = make_market(providers=7)
        make_provider(category, languages=["de"])
        lead = make_lead(category)
        lead.verify(by=DEMO)
        login(client, "auditor")

        (wave,) = client.get(address_of(lead)).context["waves"]

        assert [entry.rank for entry in wave.offered] == [1, 2, 3, 4, 5]
        assert {str(entry.state.label) for entry in wave.offered} == {"Offered"}
        assert [entry.rank for entry in wave.told] == [6, 7]
        (group,) = wave.excluded
        assert (group.sentence, group.count) == ("does not speak the language", 1)

    def test_says_that_nothing_was_routed_yet(self, client: Client) -> None:
        login(client, "verifier")
        page = client.get(address_of(make_lead())).content.decode()
        assert "Not routed yet" in page

    def test_shows_the_shortfall(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        login(client, "verifier")
        assert "1 of 5: 1 eligible of 1 looked at" in client.get(address_of(lead)).content.decode()

    def test_is_shown_with_the_decision_too(self, client: Client) -> None:
        lead = make_verified_lead(providers=2)
        login(client, "finance")

        (wave,) = client.get(address_of(lead.decisions.get())).context["waves"]

        assert [entry.offer.pk for entry in wave.offered] == [
            offer.pk for offer in lead.assignments.order_by("rank")
        ]


def answers_of(client: Client, lead: Lead, words: str) -> list[tuple[str, tuple[str, ...], str]]:
    why_not = client.get(address_of(lead), {"why_not": words}).context["why_not"]
    return [(str(answer.provider), answer.then, answer.now) for answer in why_not.answers]


class TestWhyNot:
    @pytest.fixture(autouse=True)
    def _login(self, client: Client) -> None:
        login(client, "verifier")

    def test_tells_the_rank_that_it_would_have(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme")
        assert answers_of(client, lead, "acm") == [
            ("Acme", (), "may have it: rank 1 of 1, score 0.51 (0.0 km)")
        ]

    def test_tells_the_first_rule_that_fails(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme", place=HAMBURG)
        assert answers_of(client, lead, "Acme") == [("Acme", (), "does not work that far away (255.2 km)")]

    def test_tells_what_was_decided_and_how_it_is_now(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme")
        make_provider(lead.category, company_name="Acme Polska", languages=["pl"])
        lead.verify(by=DEMO)

        first, second = answers_of(client, lead, "Acme")

        assert first == (
            "Acme",
            ("wave 1: got an offer (rank 1, score 0.51)",),
            "was offered it before (0.0 km)",
        )
        assert second[1:] == (
            ("wave 1: does not speak the language",),
            "does not speak the language (0.0 km)",
        )

    def test_says_when_nobody_is_called_so(self, client: Client) -> None:
        page = client.get(address_of(make_lead()), {"why_not": "<b>"}).content.decode()
        assert "No provider is called “&lt;b&gt;”." in page

    def test_changes_nothing(self, client: Client) -> None:
        lead = make_lead(make_market(providers=2))
        before = TransitionRecord.objects.count()
        assert len(answers_of(client, lead, "Company")) == 2
        assert (TransitionRecord.objects.count(), Lead.objects.get().version) == (before, 1)


class TestAddPage:
    def test_suggests_cities(self, client: Client) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        login(client, "verifier")
        page = client.get(reverse("admin:leads_lead_add")).content.decode()
        assert '<option value="Berlin (DE)"></option>' in page
        assert 'list="id_place_name_suggestions"' in page
