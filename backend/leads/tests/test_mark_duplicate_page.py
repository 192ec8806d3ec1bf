"""Which lead does this one repeat?  Side by side, with why it is thought so and what differs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from backend.leads.models import Lead
from backend.leads.tests.admin_pages import count_statements, make_member, transition_address
from backend.leads.tests.factories import chief, make_lead, make_market, make_staff
from backend.matching.tests.factories import HAMBURG
from workflows import clock

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _login(client: Client) -> None:
    client.force_login(make_member("verifier"))


def comparisons_of(client: Client, lead: Lead, **query: str) -> Any:
    return client.get(transition_address(lead, "mark_duplicate"), query).context["comparisons"]


def likely_of(client: Client, lead: Lead, **query: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(one.likely.lead.pk, one.likely.reasons) for one in comparisons_of(client, lead, **query)]


class TestLikelyOriginals:
    def test_are_listed_with_their_reasons_the_likeliest_first(self, client: Client) -> None:
        category = make_market(providers=0)
        with clock.at(NOW - datetime.timedelta(days=2)):
            first = make_lead(category, email="ann@example.com", latitude=52.53)
        with clock.at(NOW - datetime.timedelta(days=40)):
            elsewhere = make_lead(email="ann@example.com", latitude=HAMBURG[0], longitude=HAMBURG[1])
        with clock.at(NOW - datetime.timedelta(hours=1)):
            neighbours = make_lead(category, latitude=52.54)
            make_lead(latitude=52.54)  # another job of somebody else
        with clock.at(NOW):
            lead = make_lead(category, email="Ann@Example.com")
            assert likely_of(client, lead) == [
                (first.pk, ("same e-mail", "same category", "1.1 km away", "2 d earlier")),
                (neighbours.pk, ("same category", "2.2 km away", "1 h earlier")),
                (elsewhere.pk, ("same e-mail",)),
            ]

    def test_are_no_duplicates_themselves(self, client: Client) -> None:
        original, repeated, lead = (make_lead(email="ann@example.com") for _number in range(3))
        repeated.mark_duplicate(by=chief(), of=original)
        assert [pk for pk, _reasons in likely_of(client, lead)] == [original.pk]

    def test_can_be_searched_for(self, client: Client) -> None:
        lead, other = make_lead(), make_lead(title="A broken boiler", latitude=HAMBURG[0])
        assert likely_of(client, lead, words=other.reference) == [
            (other.pk, (likely_of(client, lead, words="boiler")[0][1]))
        ]

    def test_are_missed_in_words(self, client: Client) -> None:
        page = client.get(transition_address(make_lead(), "mark_duplicate")).content.decode()
        assert "No lead of the same contact, and none like it nearby in the same month" in page


class TestComparison:
    def test_marks_what_differs_word_by_word(self, client: Client) -> None:
        category = make_market(providers=0)
        make_lead(category, email="ann@example.com", text="Six rooms on the second floor", title="Cleaning")
        lead = make_lead(
            category, email="ANN@example.com", text="Six rooms on the third floor", title="Cleaning"
        )

        (comparison,) = comparisons_of(client, lead)

        facts = {fact.label: fact for fact in comparison.facts}
        assert [(piece.text, piece.differs) for piece in facts["Text"].here] == [
            ("Six rooms on the", False),
            ("third", True),
            ("floor", False),
        ]
        assert [piece.text for piece in facts["Text"].there if piece.differs] == ["second"]
        same = [label for label, fact in facts.items() if fact.is_same]
        assert {"E-mail", "Category", "Title", "Place", "State", "Offers"} <= set(same)

    def test_hides_the_contact_from_whoever_may_not_see_it(self, client: Client) -> None:
        make_lead(email="secret@example.com")
        lead = make_lead(email="secret@example.com")
        client.force_login(make_staff("mark_duplicate_lead", "view_lead"))
        response = client.get(transition_address(lead, "mark_duplicate"))
        assert len(response.context["comparisons"]) == 1
        assert "secret@" not in response.content.decode()

    def test_says_what_becomes_of_the_offers_and_does_it(self, client: Client) -> None:
        category = make_market(providers=2)
        original = make_lead(category, email="ann@example.com")
        lead = make_lead(category, email="ann@example.com")
        lead.verify(by=chief(), is_another_job=True)
        address = transition_address(lead, "mark_duplicate")
        assert "its 2 open or accepted offers are withdrawn" in client.get(address).content.decode()

        assert client.post(address, {"expect": "verified", "of": original.pk}).status_code == 302

        stored = Lead.objects.get(pk=lead.pk)
        assert (stored.status, stored.duplicate_of) == ("duplicate", original)
        assert set(lead.assignments.values_list("status", flat=True)) == {"withdrawn"}

    def test_insists_on_an_original(self, client: Client) -> None:
        lead = make_lead()
        response = client.post(transition_address(lead, "mark_duplicate"), {"expect": "new"})
        assert (response.status_code, response.context["question"].form.errors) == (
            422,
            {"of": ["Choose one."]},
        )
        assert Lead.objects.get().status == "new"

    def test_takes_as_many_statements_whatever_is_compared(self, client: Client) -> None:
        lead = make_lead(email="ann@example.com")
        make_lead(email="ann@example.com")
        few = count_statements(client, transition_address(lead, "mark_duplicate"))
        for _number in range(6):
            make_lead(email="ann@example.com")
        assert count_statements(client, transition_address(lead, "mark_duplicate")) == few == 8
