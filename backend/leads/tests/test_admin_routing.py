"""Why these providers, and why not that one: as a lead's page and a decision's tell it."""

from __future__ import annotations

import pytest
from django.test import Client

from backend.leads.models import Lead
from backend.leads.services import answers
from backend.leads.tests.admin_pages import address_of, count_statements, make_member
from backend.leads.tests.factories import (
    chief,
    make_claimable_lead,
    make_lead,
    make_market,
    make_provider,
    make_verified_lead,
    publish_terms,
)
from backend.matching.tests.factories import HAMBURG
from workflows import TransitionRecord

pytestmark = pytest.mark.django_db


class TestWhyTheseProviders:
    def test_lists_offers_told_and_excluded_with_their_rules(self, client: Client) -> None:
        category = make_market(providers=7)
        make_provider(category, languages=["de"])
        lead = make_lead(category)
        lead.verify(by=chief())
        client.force_login(make_member("auditor"))

        (wave,) = client.get(address_of(lead)).context["waves"]

        assert [entry.rank for entry in wave.offered] == [1, 2, 3, 4, 5]
        assert {str(entry.state.label) for entry in wave.offered} == {"Offered"}
        assert [entry.rank for entry in wave.told] == [6, 7]
        (group,) = wave.excluded
        assert (group.sentence, group.count) == ("does not speak the language", 1)

    def test_says_that_nothing_was_routed_yet(self, client: Client) -> None:
        client.force_login(make_member("verifier"))
        page = client.get(address_of(make_lead())).content.decode()
        assert "Not routed yet" in page

    def test_shows_the_shortfall(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("verifier"))
        assert "1 of 5: 1 eligible of 1 looked at" in client.get(address_of(lead)).content.decode()

    def test_says_when_a_lead_that_lacks_providers_is_tried_again(self, client: Client) -> None:
        lacking, full = make_verified_lead(providers=1), make_verified_lead(providers=5)
        client.force_login(make_member("verifier"))
        sentence = f"at {lacking.retry_at:%-d %b %Y %H:%M} at the latest"
        assert sentence in client.get(address_of(lacking)).content.decode()
        assert "It lacks providers" not in client.get(address_of(full)).content.decode()

    def test_shows_who_claimed_a_place(self, client: Client) -> None:
        lead, provider = make_claimable_lead()
        answers.claim(lead, provider=provider, by=provider.user)
        client.force_login(make_member("verifier"))
        assert "Claimed · Accepted" in client.get(address_of(lead)).content.decode()

    def test_is_shown_with_the_decision_too(self, client: Client) -> None:
        lead = make_verified_lead(providers=2)
        client.force_login(make_member("finance"))

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
        client.force_login(make_member("verifier"))

    def test_tells_the_rank_that_it_would_have(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme")
        assert answers_of(client, lead, "acm") == [
            ("Acme", (), "may have it: rank 1 of 1, score 0.21 (0.0 km)")
        ]

    def test_tells_the_first_rule_that_fails(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme", place=HAMBURG)
        assert answers_of(client, lead, "Acme") == [("Acme", (), "does not work that far away (255.2 km)")]

    def test_tells_what_was_decided_and_how_it_is_now(self, client: Client) -> None:
        lead = make_lead()
        make_provider(lead.category, company_name="Acme")
        make_provider(lead.category, company_name="Acme Polska", languages=["pl"])
        lead.verify(by=chief())

        first, second = answers_of(client, lead, "Acme")

        assert first == (
            "Acme",
            ("wave 1: got an offer (rank 1, score 0.21)",),
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


class TestDecisionPage:
    """One wave in full, with the others of its lead beside it."""

    def make_three_waves(self) -> Lead:
        lead = make_verified_lead(providers=3)
        lead.assign_by_hand(by=chief(), provider=make_provider(lead.category), reason="They know the house.")
        far = make_provider(lead.category, company_name="Far & Away", place=HAMBURG)
        lead.assign_by_hand(by=chief(), provider=far, reason="It agreed by phone.", override=True)
        return lead

    def test_links_the_waves_and_tells_a_choice_from_the_machines(self, client: Client) -> None:
        lead = self.make_three_waves()
        client.force_login(make_member("auditor"))
        first, _second, third = lead.decisions.order_by("wave")

        page = client.get(address_of(third)).content.decode()

        assert f'href="{address_of(first)}"' in page
        assert "chose the provider:" in page
        assert "It agreed by phone." in page
        assert "Lifted for it:" in page
        (wave,) = client.get(address_of(first)).context["waves"]
        assert (wave.lifted, [entry.propensity for entry in wave.offered]) == ((), [1.0, 1.0, 1.0])
        assert "chose the provider:" not in client.get(address_of(first)).content.decode()

    def test_draws_bars_also_of_those_that_were_not_reached(self, client: Client) -> None:
        lead = make_lead(make_market(providers=9))
        lead.verify(by=chief())
        client.force_login(make_member("finance"))
        (wave,) = client.get(address_of(lead.decisions.get())).context["waves"]
        assert {len(entry.bars) for entry in (*wave.told, *wave.not_reached)} == {11}
        assert [entry.outcome for entry in wave.told] == ["told"] * 4

    def test_names_the_terms_as_links(self, client: Client) -> None:
        category = make_market(providers=2)
        market, exception = publish_terms(places=4), publish_terms(category, places=3)
        lead = make_lead(category)
        lead.verify(by=chief())
        client.force_login(make_member("finance"))
        page = client.get(address_of(lead.decisions.get())).content.decode()
        assert f'href="{address_of(market)}">terms/{market.pk}</a>' in page
        assert f'href="{address_of(exception)}">exception {exception.pk}</a>' in page

    def test_answers_why_not_as_of_then_and_as_of_now(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        make_provider(lead.category, company_name="Latecomer")
        client.force_login(make_member("finance"))
        address = f"{address_of(lead.decisions.get())}?why_not=latecomer"
        (answer,) = client.get(address).context["why_not"].answers
        assert answer.then == ("wave 1: not looked at: too far away, or without the category then",)
        assert answer.now == "may have it: rank 1 of 1, score 0.21 (0.0 km)"

    def test_takes_few_statements_with_any_number_of_waves_and_candidates(self, client: Client) -> None:
        few, many = make_verified_lead(providers=1), self.make_three_waves()
        client.force_login(make_member("admin"))
        counts = [count_statements(client, address_of(lead.decisions.get(wave=1))) for lead in (few, many)]
        assert counts == [7, 7]

    def test_takes_few_statements_on_the_page_of_its_lead(self, client: Client) -> None:
        lead = self.make_three_waves()
        client.force_login(make_member("admin"))
        assert (lead.assignments.count(), lead.decisions.count()) == (5, 3)
        assert count_statements(client, address_of(lead)) == 12
