"""The pages of bulk runs, as staff of each role meet them: actions, preview, start, results, and forged posts."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.bulk.models import BulkRun
from backend.bulk.services import planning
from backend.bulk.services.planning import start_run
from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import (
    ROLE_NAMES,
    address_of,
    count_statements,
    list_address,
    make_member,
    messages_of,
    transition_address,
)
from backend.leads.tests.bulk_runs import make_leads, plan, states_of_leads
from backend.leads.tests.factories import make_verified_lead
from backend.procompare.roles import ROLES
from backend.users.models import ProviderProfile
from workflows import WorkflowModel, machine_of

pytestmark = pytest.mark.django_db

# Each needs an object of its own: an original, a provider, an accepted offer, a category.
NEEDS_AN_OBJECT = {"mark_duplicate", "assign_by_hand", "award", "record_quote", "revise"}


class TestPages:
    def test_lead_from_the_list_over_the_preview_to_results(self, client: Client) -> None:
        leads = make_leads(2, others=1)
        client.force_login(make_member("verifier"))
        answer = client.post(
            list_address(Lead) + "?status__exact=new",
            {"action": "bulk_verify", "select_across": "1", "_selected_action": [leads[0].pk]},
        )
        run = BulkRun.objects.get()
        assert answer["Location"] == address_of(run)
        assert run.selection == "All that match State: New"
        page = client.get(address_of(run)).content.decode()
        assert "will move" in page
        assert "Would move with “I vouch for the contact”" in page
        assert states_of_leads() == {"new": 3}

        answer = client.post(reverse("admin:bulk_bulkrun_start", args=[run.pk]))
        assert messages_of(answer) == ["Started. You may leave this page."]
        run_due_jobs()
        assert states_of_leads() == {"new": 1, "verified": 2}
        page = client.get(address_of(run) + "?outcome=stays").content.decode()
        assert leads[2].reference in page
        assert leads[0].reference not in page
        lines = read_csv(client.get(reverse("admin:bulk_bulkrun_results", args=[run.pk])))
        assert [(line["object_id"], line["outcome"]) for line in lines] == [
            (str(leads[0].pk), "moved"),
            (str(leads[1].pk), "moved"),
            (str(leads[2].pk), "stays"),
        ]

    def test_start_what_is_dangerous_only_with_its_number_and_a_reason(self, client: Client) -> None:
        make_leads(2)
        starter = make_member("verifier")
        client.force_login(starter)
        run = plan(starter, "reject")
        address = reverse("admin:bulk_bulkrun_start", args=[run.pk])
        for form in (
            {},
            {"reason": "not_genuine"},
            {"reason": "not_genuine", "confirm_count": "3"},
            {"confirm_count": "2"},
        ):
            assert client.post(address, form).status_code == 422
        assert states_of_leads() == {"new": 2}
        assert BulkRun.objects.get().status == "planned"
        client.post(address, {"reason": "not_genuine", "confirm_count": "2"})
        run_due_jobs()
        assert states_of_leads() == {"rejected": 2}

    @pytest.mark.parametrize("role", ROLE_NAMES)
    @pytest.mark.parametrize("model", [Lead, LeadAssignment, ProviderProfile])
    def test_offer_each_role_on_each_list_the_transitions_it_may_run_for_many(
        self, client: Client, model: type[WorkflowModel], role: str
    ) -> None:
        make_verified_lead()
        client.force_login(make_member(role))
        actions = set(actions_on(client.get(list_address(model))))
        allowed = {
            f"bulk_{transition.name}"
            for transition in machine_of(model).transitions
            if transition.permission and transition.name not in NEEDS_AN_OBJECT
            if ROLES[role].may("bulk.start_bulkrun") and ROLES[role].may(transition.permission)
        }
        assert actions == allowed

    def test_refuse_a_selection_that_is_too_large(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        leads = make_leads(2)
        monkeypatch.setattr(planning, "OBJECTS_MAX", 1)
        client.force_login(make_member("verifier"))
        form = {"action": "bulk_verify", "_selected_action": [lead.pk for lead in leads]}
        answer = client.post(list_address(Lead), form)
        assert messages_of(answer)[0].startswith("2 are too many at once: narrow the list down to")
        assert BulkRun.objects.count() == 0

    def test_write_no_formula_into_the_file(self, client: Client) -> None:
        (lead,) = make_leads(1)
        starter = make_member("verifier")
        run = plan(starter)
        run.items.update(outcome="failed", message="=1+1")
        client.force_login(starter)
        (line,) = read_csv(client.get(reverse("admin:bulk_bulkrun_results", args=[run.pk])))
        assert (line["object"], line["message"]) == (str(lead), "'=1+1")

    @pytest.mark.parametrize("role", ROLE_NAMES)
    @pytest.mark.parametrize("transition", ["verify", "cancel"])
    def test_plan_nothing_for_a_forged_post(self, client: Client, role: str, transition: str) -> None:
        (lead,) = make_leads(1)
        client.force_login(make_member(role))
        form = {"action": f"bulk_{transition}", "_selected_action": [lead.pk]}
        client.post(list_address(Lead), form)
        may = ROLES[role].may("bulk.start_bulkrun") and ROLES[role].may(f"leads.{transition}_lead")
        assert BulkRun.objects.count() == int(may)

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_of_somebody_else_are_seen_and_cancelled_by_permission_and_started_by_nobody(
        self, client: Client, role: str
    ) -> None:
        make_leads(1)
        run = plan(make_member("verifier"))
        client.force_login(make_member(role))
        sees, cancels = ROLES[role].may("bulk.view_bulkrun"), ROLES[role].may("bulk.cancel_bulkrun")
        for name in ("change", "progress", "results"):
            address = reverse(f"admin:bulk_bulkrun_{name}", args=[run.pk])
            assert client.get(address).status_code == (200 if sees else 404)
        assert client.get(reverse("admin:bulk_bulkrun_process_map")).status_code == (200 if sees else 403)
        answer = client.post(reverse("admin:bulk_bulkrun_start", args=[run.pk]))
        assert answer.status_code == (403 if sees else 404)
        for name in ("start", "finish", "retry_failures", "resume", "present"):
            assert client.post(transition_address(run, name)).status_code in (302, 403, 404)
            run.refresh_from_db()
            assert run.status == "planned"
        client.post(transition_address(run, "cancel"))
        run.refresh_from_db()
        assert run.status == ("cancelled" if cancels else "planned")
        assert states_of_leads() == {"new": 1}

    def test_take_a_constant_number_of_statements(self, client: Client) -> None:
        make_leads(3, others=2)
        starter = make_member("verifier")
        client.force_login(starter)
        run = plan(starter)
        counts = [count_statements(client, address_of(run))]
        start_run(run, by=starter, arguments={})
        run_due_jobs()
        counts.append(count_statements(client, address_of(run)))
        counts.append(count_statements(client, reverse("admin:bulk_bulkrun_progress", args=[run.pk])))
        plan(starter)
        counts.append(count_statements(client, list_address(BulkRun)))
        assert counts == [12, 19, 6, 7]


def actions_on(response: Any) -> list[str]:
    """Return the names of the actions that a list offers."""
    form = response.context.get("action_form") if response.context else None
    return [name for name, _label in form.fields["action"].choices if name] if form else []


def read_csv(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))
