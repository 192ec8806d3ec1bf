"""A provider that staff choose: an offer like any other, and on record as theirs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.services.ranking_examples import read_examples
from backend.leads.tests.admin_pages import (
    address_of,
    count_statements,
    make_member,
    messages_of,
    transition_address,
)
from backend.leads.tests.factories import (
    chief,
    make_lead,
    make_provider,
    make_staff,
    make_verified_lead,
    publish_terms,
)
from backend.matching.models import ProviderLoad
from backend.matching.tests.factories import HAMBURG, set_load
from backend.notifications.models import Notification
from backend.users.models import ProviderProfile
from workflows import TransitionBlocked, TransitionRecord, clock

pytestmark = pytest.mark.django_db


def assign(lead: Lead, provider: ProviderProfile, **given: Any) -> None:
    lead.assign_by_hand(**{"by": chief(), "provider": provider, "reason": "They know the client.", **given})


def picture() -> tuple[Any, ...]:
    """Return everything that an assignment would change."""
    return (
        list(LeadAssignment.objects.values_list("pk", "status").order_by("pk")),
        list(ProviderLoad.objects.values_list("pk", "offers_total", "open_offers").order_by("pk")),
        RoutingDecision.objects.count(),
        TransitionRecord.objects.count(),
        Notification.objects.count(),
    )


def refuse(lead: Lead, provider: ProviderProfile, **given: Any) -> str:
    """Return why an assignment is refused; nothing has changed."""
    before = picture()
    with pytest.raises(TransitionBlocked) as refusal:
        assign(lead, provider, **given)
    assert picture() == before
    return " ".join(check.message for check in refusal.value.reasons)


class TestAssignByHand:
    def test_makes_an_offer_with_its_capacity_its_notification_and_a_decision_that_says_who(self) -> None:
        lead = make_verified_lead(providers=1)
        provider, member = make_provider(lead.category), chief()

        assign(lead, provider, by=member)

        decision = lead.decisions.get(wave=2)
        assert (decision.is_by_hand, decision.decided_by, decision.reason) == (
            True,
            member,
            "They know the client.",
        )
        assert (decision.places, decision.offered_count, decision.lifted) == (1, 1, [])
        (candidate,) = decision.candidates
        assert (candidate["provider"], candidate["outcome"], candidate["propensity"]) == (
            provider.pk,
            "offered",
            None,
        )
        offer = lead.assignments.get(provider=provider)
        assert (offer.status, offer.decision, offer.rank) == ("offered", decision, 1)
        assert offer.expires_at > clock.now()
        assert ProviderLoad.objects.get(provider=provider).open_offers == 1
        assert Notification.objects.filter(recipient=provider.user, type="lead_assigned").count() == 1
        record = TransitionRecord.objects.select_related("log").filter(machine="leads.lead").latest("pk")
        assert (record.log.transition, record.reason) == ("assign_by_hand", "They know the client.")

    def test_stops_the_search_once_the_last_place_is_taken(self) -> None:
        publish_terms(places=2, accepted_max=2, accepted_enough=2)
        lead = make_verified_lead(providers=1)
        assert lead.retry_at is not None
        assign(lead, make_provider(lead.category))
        assert Lead.objects.get(pk=lead.pk).retry_at is None

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"is_active": False}, "is not active. Choose another provider."),
            ({"categories": []}, "does not offer the category. Choose another provider."),
            ({"open_offers_max": 0}, "has all its open offers in use. Choose another provider."),
        ],
    )
    def test_is_refused_by_what_nobody_may_lift(self, fields: dict[str, Any], says: str) -> None:
        lead = make_verified_lead(providers=1)
        categories = fields.pop("categories", [lead.category])
        provider = make_provider(*categories, **fields)
        assert refuse(lead, provider, override=True) == f"{provider} {says}"

    def test_never_makes_a_second_offer(self) -> None:
        lead = make_verified_lead(providers=1)
        offer = lead.assignments.get()
        offer.withdraw(by=chief(), reason="a mistake")
        lead.refresh_from_db()
        says = f"{offer.provider} was offered it before. Choose another provider."
        assert refuse(lead, offer.provider, override=True) == says

    def test_is_refused_to_the_client_itself(self) -> None:
        lead = make_lead()
        provider = make_provider(lead.category)
        Lead.objects.filter(pk=lead.pk).update(client=provider.user)
        lead.refresh_from_db()
        lead.verify(by=chief())
        says = f"{provider} is the client itself. Choose another provider."
        assert refuse(lead, provider, override=True) == says

    @pytest.mark.parametrize(
        ("fields", "code", "says"),
        [
            ({"place": HAMBURG}, "too_far", "does not work that far away"),
            ({"languages": ["pl"]}, "language", "does not speak the language"),
            ({"leads_per_day_max": 0}, "day_full", "had all its offers of the day"),
            ({"leads_per_month_max": 0}, "month_full", "had all its offers of the month"),
            (
                {
                    "holiday_from_date": datetime.date(2000, 1, 1),
                    "holiday_until_date": datetime.date(2999, 1, 1),
                },
                "on_holiday",
                "is on holiday",
            ),
        ],
    )
    def test_takes_a_word_where_a_rule_can_be_lifted(
        self, fields: dict[str, Any], code: str, says: str
    ) -> None:
        lead = make_verified_lead(providers=1)
        provider = make_provider(lead.category, **fields)
        assert refuse(lead, provider).startswith(
            f"{provider} {says}. Say that it gets the offer all the same"
        )

        assign(lead, provider, override=True)

        decision = lead.decisions.get(wave=2)
        assert (decision.lifted, decision.eligible_count) == ([code], 0)
        assert lead.assignments.get(provider=provider).status == "offered"

    def test_begins_at_once_where_a_closed_provider_was_reached(self) -> None:
        with clock.at(datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)):
            lead = make_verified_lead(
                providers=1, deadline_at=datetime.datetime(2026, 3, 3, 12, tzinfo=datetime.UTC)
            )
            provider = make_provider(lead.category, open_weekdays=[7])
            assign(lead, provider, override=True)
            offer = lead.assignments.get(provider=provider)
            assert (lead.decisions.get(wave=2).lifted, offer.starts_at) == (["closed"], clock.now())

    def test_asks_for_a_permission_of_its_own_before_a_rule_is_lifted(self) -> None:
        lead = make_verified_lead(providers=1)
        provider, member = make_provider(lead.category, place=HAMBURG), make_staff("assign_by_hand_lead")
        says = f"{provider} does not work that far away. Choose another provider, or ask somebody who may lift this"
        assert refuse(lead, provider, by=member, override=True).startswith(says)

    def test_says_every_rule_that_fails(self) -> None:
        lead = make_verified_lead(providers=1)
        provider = make_provider(lead.category, place=HAMBURG, languages=["pl"])
        assert refuse(lead, provider).startswith(
            f"{provider} does not work that far away and does not speak the language."
        )

    def test_needs_a_free_place(self) -> None:
        lead = make_verified_lead(providers=5)
        assert refuse(lead, make_provider(lead.category)) == "All 5 places are taken."

    def test_is_not_what_rankings_learn_from(self) -> None:
        lead = make_verified_lead(providers=1)
        provider = make_provider(lead.category)
        assign(lead, provider)
        for offer in lead.assignments.all():
            offer.decline(by=chief(), reason="too_busy")
        span = (clock.now() - datetime.timedelta(days=1), clock.now() + datetime.timedelta(days=1))
        assert len(list(read_examples(*span))) == 1

    def test_is_held_to_its_reason_by_the_database(self) -> None:
        lead = make_verified_lead(providers=1)
        assign(lead, make_provider(lead.category))
        for changed in ({"reason": ""}, {"decided_by": None}, {"is_by_hand": False}):
            with pytest.raises(IntegrityError, match="hand_made_decision"), transaction.atomic():
                lead.decisions.filter(wave=2).update(**changed)


class TestThePage:
    @pytest.fixture
    def lead(self, client: Client) -> Lead:
        client.force_login(make_member("dispatcher"))
        return make_verified_lead(providers=1)

    def found(self, client: Client, lead: Lead, words: str = "") -> list[tuple[str, str, tuple[str, ...]]]:
        page = client.get(transition_address(lead, "assign_by_hand"), {"words": words})
        return [(hit.name, str(hit.verdict), hit.hindrances) for hit in page.context["found"].hits]

    def test_lists_the_best_that_may_have_it(self, client: Client, lead: Lead) -> None:
        make_provider(lead.category, company_name="Busy", open_offers_max=2)
        set_load(ProviderProfile.objects.get(company_name="Busy"), open_offers=1)
        make_provider(lead.category, company_name="Idle")
        make_provider(lead.category, company_name="Far", place=HAMBURG)
        assert self.found(client, lead) == [("Idle", "may", ()), ("Busy", "may", ())]

    def test_says_of_each_that_was_searched_for_why_not(self, client: Client, lead: Lead) -> None:
        make_provider(lead.category, company_name="Acme")
        make_provider(lead.category, company_name="Acme Far", place=HAMBURG, languages=["pl"])
        make_provider(company_name="Acme Painters")
        assert self.found(client, lead, "acme") == [
            ("Acme", "may", ()),
            ("Acme Far", "if-lifted", ("does not work that far away", "does not speak the language")),
            ("Acme Painters", "may-not", ("does not offer the category",)),
        ]

    def test_asks_for_the_consent_only_where_a_rule_fails_and_keeps_what_was_typed(
        self, client: Client, lead: Lead
    ) -> None:
        far = make_provider(lead.category, company_name="Far", place=HAMBURG)
        address = transition_address(lead, "assign_by_hand") + "?words=far"
        assert "override" not in client.get(address).context["question"].form.fields
        form = {"expect": "verified", "provider": far.pk, "reason": "They called."}

        response = client.post(address, form)

        assert response.status_code == 409
        asked = response.context["question"].form
        (error,) = asked.errors["override"]
        assert error.startswith("Far does not work that far away. Say that it gets the offer")
        assert 'value="They called."' in response.content.decode()
        assert lead.assignments.filter(provider=far).count() == 0

        assert client.post(address, {**form, "override": "on"}).status_code == 302
        assert lead.assignments.get(provider=far).decision.lifted == ["too_far"]

    def test_insists_on_a_provider_and_a_reason(self, client: Client, lead: Lead) -> None:
        response = client.post(transition_address(lead, "assign_by_hand"), {"expect": "verified"})
        errors = response.context["question"].form.errors
        assert (response.status_code, errors) == (
            422,
            {"provider": ["Choose one."], "reason": ["This field is required."]},
        )

    def test_takes_as_many_statements_whatever_is_found(self, client: Client, lead: Lead) -> None:
        address = transition_address(lead, "assign_by_hand")
        make_provider(lead.category, company_name="Acme 1")
        few = [count_statements(client, address), count_statements(client, f"{address}?words=acme")]
        for number in range(2, 9):
            make_provider(lead.category, company_name=f"Acme {number}")
        many = [count_statements(client, address), count_statements(client, f"{address}?words=acme")]
        assert many == few == [12, 13]


class TestOfferActions:
    """What can be done with an offer, where the lead lists it."""

    @pytest.mark.parametrize(
        ("role", "texts"),
        [
            ("dispatcher", ["Accept", "Decline", "Withdraw"]),
            ("admin", ["Accept", "Decline", "Withdraw"]),
            ("verifier", []),
            ("finance", []),
            ("auditor", []),
        ],
    )
    def test_are_those_of_the_role(self, role: str, texts: list[str], client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member(role))
        (wave,) = client.get(address_of(lead)).context["waves"]
        assert [action.text for action in wave.offered[0].actions] == texts

    def test_lead_back_to_the_lead(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("dispatcher"))
        (wave,) = client.get(address_of(lead)).context["waves"]
        withdraw = wave.offered[0].actions[-1]

        response = client.post(withdraw.url, {"reason": "Wrong provider"})

        assert (response.status_code, response.headers["Location"]) == (302, f"{address_of(lead)}#routing")
        offer = lead.assignments.get()
        assert messages_of(response) == [f"{offer}: Withdraw: Offered → Withdrawn."]
        assert offer.status == "withdrawn"

    def test_lead_to_no_other_site(self, client: Client) -> None:
        offer = make_verified_lead(providers=1).assignments.get()
        client.force_login(make_member("dispatcher"))
        address = f"{transition_address(offer, 'withdraw')}?next=https://example.org/"
        response = client.post(address, {"reason": "Wrong provider"})
        assert response.headers["Location"] == address_of(offer)
