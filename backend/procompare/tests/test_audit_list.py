"""The audit list of the marketplace: who sees it, what leads and offers look like in it, what it costs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from backend.leads.tests.admin_pages import ROLE_NAMES, count_statements, make_member
from backend.leads.tests.factories import make_lead, make_market, make_verified_lead
from backend.procompare.roles import ROLES
from workflows import Channel, TransitionRecord, acting

pytestmark = pytest.mark.django_db

LIST = reverse("admin:workflows_transitionrecord_changelist")
EXPORT = reverse("admin:workflows_transitionrecord_export")
SEES = {name: ROLES[name].may("workflows.view_transitionrecord") for name in ROLE_NAMES}


def page_of(record: TransitionRecord, page: str = "change") -> str:
    return reverse(f"admin:workflows_transitionrecord_{page}", args=[record.pk])


def listed(client: Client, **filters: str) -> list[tuple[str, str, str]]:
    """Return (object, transition, actor) of the events that a page lists."""
    rows = client.get(LIST, filters).context["rows"]
    return [(row.object.text, row.event.label, row.record.actor) for row in rows]


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(make_member("auditor"))
    return client


class TestWho:
    def test_sees_it_are_those_who_look_after_what_happened(self) -> None:
        assert SEES == {
            "verifier": False,
            "dispatcher": True,
            "finance": False,
            "auditor": True,
            "admin": True,
        }

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_may_look_and_take_away_by_role(self, client: Client, role: str) -> None:
        make_lead()
        record = TransitionRecord.objects.filter(machine="leads.lead").latest("pk")
        client.force_login(make_member(role))
        allowed = 200 if SEES[role] else 403

        assert client.get(LIST).status_code == allowed
        assert client.get(page_of(record)).status_code == allowed
        assert client.post(EXPORT).status_code == allowed
        assert LogEntry.objects.count() == (1 if SEES[role] else 0)
        assert (LIST in client.get(reverse("admin:index")).content.decode()) is SEES[role]

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_changes_anything_is_nobody(self, client: Client, role: str) -> None:
        make_lead()
        record = TransitionRecord.objects.latest("pk")
        client.force_login(make_member(role))
        before = list(TransitionRecord.objects.order_by("pk").values())
        forged = {"action": "delete_selected", "_selected_action": record.pk, "post": "yes", "reason": "x"}
        refused = 405 if SEES[role] else 403

        assert client.post(LIST, forged).status_code == refused
        assert client.post(page_of(record), forged).status_code == refused
        add = reverse("admin:workflows_transitionrecord_add")
        assert client.post(add, forged).status_code == 403
        assert client.post(page_of(record, "delete"), forged).status_code == 403
        assert list(TransitionRecord.objects.order_by("pk").values()) == before

    def test_is_nobody_knows_is_asked_to_log_in(self, client: Client) -> None:
        assert client.get(LIST).status_code == 302
        assert client.post(EXPORT).status_code == 302
        assert not LogEntry.objects.exists()

    def test_may_not_look_at_an_app_sees_no_event_of_it(self, client: Client) -> None:
        make_lead()
        client.force_login(make_member("dispatcher"))

        choices = dict(client.get(LIST).context["filters"].fields["machine"].choices)

        assert set(choices) == {
            "",
            "leads.lead",
            "leads.leadassignment",
            "leads.termsversion",
            "matching.rankingmodel",
            "users.providerprofile",
        }


class TestList:
    def test_finds_what_happened_to_a_lead_by_its_reference(self, auditor: Client) -> None:
        lead = make_verified_lead()
        make_lead()

        found = listed(auditor, q=lead.reference)

        offer = lead.assignments.get()
        # Whatever runs inside a transition is logged before it.
        assert [(text, label) for text, label, _actor in found] == [
            (str(lead), "Verify"),
            (str(offer), "Created"),
            (str(lead), "Created"),
        ]

    def test_shows_all_that_one_click_did(self, auditor: Client) -> None:
        lead = make_lead(make_market(providers=3))
        with acting(channel=Channel.ADMIN, request_id="click-1"):
            lead.verify(by=make_member("verifier"))

        found = listed(auditor, request="click-1")

        labels = sorted((text, label) for text, label, _actor in found)
        offers = sorted((str(offer), "Created") for offer in lead.assignments.all())
        assert labels == sorted([*offers, (str(lead), "Verify")])

    def test_names_the_reasons_in_the_words_of_their_menu(self, auditor: Client) -> None:
        lead = make_lead()
        lead.reject(by=make_member("verifier"), reason="unreachable")

        (row,) = auditor.get(LIST, {"transition": "leads.lead:reject"}).context["rows"]

        assert (row.event.label, row.event.source, row.event.target) == ("Reject", "New", "Rejected")
        assert listed(auditor, q="cannot be REACH") == listed(auditor, transition="leads.lead:reject")
        assert row.event.reason == "Client cannot be reached"

    def test_takes_as_many_statements_for_one_event_as_for_fifty(self, auditor: Client) -> None:
        make_verified_lead(providers=1)
        few = count_statements(auditor, LIST)
        for _number in range(8):
            make_verified_lead(providers=5)

        # One more: the events fill more than a page, and are counted.
        assert count_statements(auditor, LIST) == few + 1
        assert few == 9

    def test_is_exported_with_references(self, auditor: Client) -> None:
        lead = make_lead()
        response: Any = auditor.post(f"{EXPORT}?object=leads.lead:{lead.pk}")

        text = b"".join(response.streaming_content).decode("utf-8-sig")

        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert (row["machine"], row["object"], row["label"]) == ("leads.lead", str(lead), "Created")
