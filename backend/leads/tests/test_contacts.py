"""Contacts: what they are compared by, what they must hold, and how they are confirmed."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backend.leads.contact_keys import email_key, phone_key
from backend.leads.models import ContactView, Lead, LeadAssignment, LeadContact
from backend.leads.services.contacts import ContactHidden, confirm_contact, reveal_contact
from backend.leads.services.intake import submit_lead
from backend.leads.tests.factories import (
    chief,
    make_accepted_offer,
    make_category,
    make_lead,
    make_provider,
    make_staff,
    make_staff_in_group,
    make_verified_lead,
)
from backend.notifications.models import Notification
from workflows import Channel, SystemActor, acting, clock


class TestEmailKey:
    @pytest.mark.parametrize(
        ("email", "key"),
        [
            ("Ann@Example.COM ", "ann@example.com"),
            ("ann+shop@example.com", "ann@example.com"),
            ("+ann@example.com", "+ann@example.com"),
            ("ａnn@example.com", "ann@example.com"),
            ("", ""),
            ("no address", ""),
        ],
    )
    def test_folds_what_reaches_the_same_mailbox(self, email: str, key: str) -> None:
        assert email_key(email) == key


class TestPhoneKey:
    @pytest.mark.parametrize(
        ("phone", "country", "key"),
        [
            ("+49 (0)30 901820", None, "+4930901820"),
            ("030 901820", "DE", "+4930901820"),
            ("030 901820", None, ""),
            ("98765 43210", "IN", "+919876543210"),
            ("555 0123", "US", ""),
            ("12", "US", ""),
            ("call me", None, ""),
            ("", None, ""),
        ],
    )
    def test_is_e164_or_nothing(self, phone: str, country: str | None, key: str) -> None:
        assert phone_key(phone, country_code=country) == key


class TestLeadContact:
    def test_needs_a_way_to_the_client(self) -> None:
        with pytest.raises(ValidationError, match="Give an e-mail address or a phone number"):
            LeadContact(name="Ann").clean()

    def test_says_when_a_phone_number_cannot_be_one(self) -> None:
        with pytest.raises(ValidationError, match="Not a phone number with its country's code"):
            LeadContact(phone="0170 1234567").clean()

    @pytest.mark.django_db
    def test_without_any_way_is_refused_by_the_database(self) -> None:
        with pytest.raises(IntegrityError, match="contact_has_a_way_to_the_client"), transaction.atomic():
            LeadContact.objects.create(name="Ann")

    @pytest.mark.django_db
    def test_keeps_its_keys_in_step(self) -> None:
        contact = LeadContact.objects.create(email="Ann@Example.com")
        contact.email = "Bob@Example.com"
        contact.save(update_fields=["email"])
        assert LeadContact.objects.get().email_key == "bob@example.com"


@pytest.mark.django_db
class TestConfirmContact:
    def test_keeps_who_did_it_first_and_when(self) -> None:
        lead, staff = make_lead(is_confirmed=False), make_staff()
        noon = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
        with clock.at(noon):
            assert confirm_contact(lead, by=staff) is True
        assert confirm_contact(lead, by=None) is False
        contact = LeadContact.objects.get(pk=lead.contact_id)
        assert (contact.confirmed_at, contact.confirmed_by) == (noon, staff)


@pytest.mark.django_db
class TestSubmitLead:
    def test_saves_nothing_when_a_field_does_not_hold_what_it_should(self) -> None:
        lead = Lead(category=make_category(), title="A tap", latitude=91, longitude=0)
        with pytest.raises(ValidationError) as refused, acting(by=SystemActor("test"), channel=Channel.PAGE):
            submit_lead(lead, LeadContact(email="ann@example.com"))
        assert "latitude" in refused.value.message_dict
        assert not LeadContact.objects.exists()

    def test_leaves_no_contact_behind_when_nobody_submits_it(self) -> None:
        from workflows.errors import ActorMissing

        lead = Lead(category=make_category(), title="A tap", latitude=1, longitude=0)
        with pytest.raises(ActorMissing):
            submit_lead(lead, LeadContact(email="ann@example.com"))
        assert not LeadContact.objects.exists()

    def test_tells_those_who_verify_once(self) -> None:
        verifier = make_staff_in_group("verify_lead")
        lead = make_lead()
        note = Notification.objects.get(recipient=verifier)
        assert (note.type, note.event) == ("system", f"leads.lead:{lead.pk}:1")

    def test_gives_every_lead_a_reference_that_can_be_read_out(self) -> None:
        references = {make_lead(category).reference for category in [make_category()] for _ in range(20)}
        assert len(references) == 20
        assert all(
            len(reference) == 10 and not set(reference[2:]) & set("01ILOU") for reference in references
        )


@pytest.mark.django_db
class TestRevealContact:
    def test_shows_the_provider_that_accepted_and_records_each_view(self) -> None:
        offer = make_accepted_offer()
        with acting(channel=Channel.PAGE):
            first = reveal_contact(offer, by=offer.provider.user)
            reveal_contact(offer, by=offer.provider.user)
        assert first.email == offer.lead.contact.email
        views = ContactView.objects.filter(assignment=offer)
        assert list(views.values_list("viewer", "channel")) == [(offer.provider.user_id, "page")] * 2

    def test_hides_it_before_the_offer_is_accepted(self) -> None:
        offer = make_verified_lead().assignments.get()
        with pytest.raises(ContactHidden, match="the offer is 'offered'"):
            reveal_contact(offer, by=offer.provider.user)
        assert not ContactView.objects.exists()

    def test_hides_it_again_when_the_offer_is_withdrawn(self) -> None:
        offer = make_accepted_offer()
        stale = LeadAssignment.objects.get(pk=offer.pk)
        offer.withdraw(by=chief(), reason="a mistake")
        with pytest.raises(ContactHidden):
            reveal_contact(stale, by=offer.provider.user)
        assert not ContactView.objects.exists()

    def test_hides_it_from_everybody_else(self) -> None:
        offer = make_accepted_offer()
        for somebody in (make_provider().user, chief()):
            with pytest.raises(ContactHidden):
                reveal_contact(offer, by=somebody)
        assert not ContactView.objects.exists()
