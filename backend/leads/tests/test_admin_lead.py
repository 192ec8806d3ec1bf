"""Leads in the admin: taking them in, editing them, and their contacts."""

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
    QUOTES,
    chief,
    make_category,
    make_lead,
    make_staff,
    make_verified_lead,
)
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


class TestDuplicate:
    def test_names_its_original(self, client: Client) -> None:
        lead, original = make_lead(), make_lead()
        lead.mark_duplicate(by=chief(), of=original)
        login(client, "auditor")
        page = client.get(address_of(lead)).content.decode()
        assert f'href="{address_of(original)}"' in page
        assert str(original) in page


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

    def test_is_refused_to_whoever_may_not_see_leads(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        client.force_login(make_staff("confirm_contact_lead", "view_leadcontact"))
        assert client.post(address_of(lead, "confirm_contact")).status_code == 403
        assert LeadContact.objects.get().confirmed_at is None

    def test_of_no_lead_is_not_found(self, client: Client) -> None:
        login(client, "verifier")
        assert client.post("/admin/leads/lead/1/confirm-contact/").status_code == 404

    def test_is_not_offered_when_the_lead_has_ended(self, client: Client) -> None:
        lead = make_lead(is_confirmed=False)
        lead.reject(by=chief(), reason="other")
        login(client, "verifier")
        assert "Confirm contact" not in client.get(address_of(lead)).content.decode()


class TestArguments:
    def test_offer_accepted_offers_of_this_lead_for_an_award(self, client: Client) -> None:
        lead, other = make_verified_lead(providers=3), make_verified_lead()
        accepted, open_one, *_rest = lead.assignments.order_by("rank")
        accepted.accept(by=chief())
        other.assignments.get().accept(by=chief())
        lead.refresh_from_db()
        lead.record_quote(by=QUOTES, assignment=accepted)
        login(client, "dispatcher")

        form = client.get(transition_address(lead, "award")).context["question"].form

        assert [key for key, _text in form.fields["assignment"].choices] == ["", str(accepted.pk)]
        response = client.post(
            transition_address(lead, "award"), {"expect": "quoted", "assignment": open_one.pk}
        )
        assert (response.status_code, Lead.objects.get(pk=lead.pk).status) == (422, "quoted")

    def test_offer_no_duplicate_as_an_original(self, client: Client) -> None:
        lead, original, repeated = make_lead(), make_lead(), make_lead()
        repeated.mark_duplicate(by=chief(), of=original)
        login(client, "verifier")

        form = client.get(transition_address(lead, "mark_duplicate")).context["question"].form

        assert list(form.fields["of"].objects) == [original]


class TestAddPage:
    def test_suggests_cities(self, client: Client) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        login(client, "verifier")
        page = client.get(reverse("admin:leads_lead_add")).content.decode()
        assert '<option value="Berlin (DE)"></option>' in page
        assert 'list="id_place_name_suggestions"' in page


class TestRevisionInTheAdmin:
    """What offers were decided by is changed in the dialog of *Revise*, which shows what is asked for now."""

    def test_is_asked_for_with_what_the_lead_asks_for_now(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("dispatcher"))
        form = client.get(transition_address(lead, "revise"), {"expect": "verified"}).context["question"].form
        assert {name: field.initial for name, field in form.fields.items()} == {
            "category": lead.category_id,
            "latitude": lead.latitude,
            "longitude": lead.longitude,
            "language": "en",
            "place_name": "",
            "budget": None,
        }

    def test_moves_a_lead(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("dispatcher"))
        form = {
            "category": lead.category_id,
            "latitude": "48.14",
            "longitude": "11.58",
            "language": "en",
            "place_name": "Munich",
            "budget": "",
            "expect": "verified",
        }
        response = client.post(transition_address(lead, "revise"), form)
        assert response.status_code == 302
        stored = Lead.objects.get(pk=lead.pk)
        assert (stored.place_name, stored.latitude, stored.version) == ("Munich", 48.14, 3)
        assert lead.assignments.get().status == "withdrawn"

    def test_is_the_only_way_for_an_offered_lead(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("dispatcher"))
        page = address_of(lead)
        response = client.post(page, edit_form(client, page, title="Two taps", latitude="48", budget="7"))
        assert response.status_code == 302
        stored = Lead.objects.get(pk=lead.pk)
        assert (stored.title, stored.latitude, stored.budget) == ("Two taps", lead.latitude, None)
        assert "change them with Revise, above" in client.get(page).content.decode()
