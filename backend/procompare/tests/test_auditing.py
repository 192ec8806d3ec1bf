"""The audit in operation: by the hour and by hand, told once, for whom it is."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django import app

from backend.jobs.testing import list_jobs, run_due_jobs
from backend.leads.tests.admin_pages import ROLE_NAMES, count_statements, make_member, messages_of
from backend.leads.tests.factories import make_lead, make_verified_lead
from backend.notifications.models import Notification
from backend.procompare import auditing
from backend.procompare.roles import ROLES
from workflows.invariants import list_invariants
from workflows.invariants.runs import find_latest_run
from workflows.invariants.tests.planting import plant
from workflows.models import AuditRun

pytestmark = pytest.mark.django_db

LIST, RUN = (reverse(f"admin:workflows_auditrun_{page}") for page in ("changelist", "run"))
R1 = "Each verification, reroute, revision and choice by hand made one wave of its lead, with one decision."
SEES = {name: ROLES[name].may("workflows.view_auditrun") for name in ROLE_NAMES}
RUNS = {name: ROLES[name].may("workflows.run_auditrun") for name in ROLE_NAMES}


def lose_a_decision() -> None:
    lead = make_verified_lead(providers=0)
    plant("DELETE FROM leads_routingdecision WHERE lead_id = %s", lead.pk)


class TestAudit:
    def test_tells_those_who_may_view_it_once_of_what_is_new(self) -> None:
        told = [make_member(role) for role in ROLE_NAMES if SEES[role]]
        make_member("verifier")
        lose_a_decision()
        Notification.objects.all().delete()

        run = auditing.audit()
        auditing.audit()

        messages = Notification.objects.order_by("recipient")
        assert [message.recipient for message in messages] == told
        assert {(one.type, one.event, one.subject, one.body, one.path) for one in messages} == {
            (
                "system",
                f"workflows.auditrun:{run.pk}",
                "The audit found 1 new violation",
                f"1 × R1: {R1}",
                reverse("admin:workflows_auditrun_change", args=[run.pk]),
            )
        }

    def test_names_the_first_of_many_invariants(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(auditing, "INVARIANTS_NAMED_MAX", 1)
        make_member("auditor")
        lose_a_decision()
        plant("UPDATE leads_lead SET status = 'won'")
        auditing.audit()
        lines = Notification.objects.get(type="system", event__startswith="workflows").body.splitlines()
        assert (len(lines), lines[-1]) == (2, "And 2 more.")

    def test_of_what_is_sound_tells_nobody(self) -> None:
        make_member("auditor")
        make_verified_lead(providers=2)
        before = Notification.objects.count()
        auditing.audit()
        assert Notification.objects.count() == before
        assert (AuditRun.objects.get().violations, AuditRun.objects.get().news) == (0, 0)

    def test_comes_every_hour(self) -> None:
        ticks = app.periodic_registry.periodic_tasks.values()
        assert [tick.cron for tick in ticks if tick.task.name == auditing.AUDIT_TASK] == ["7 * * * *"]


class TestTable:
    def test_of_what_holds_what_names_every_code(self) -> None:
        table = (settings.BASE_DIR / "docs" / "reliability.md").read_text().partition("## The audit")[0]
        last_cells = [line.strip(" |").rpartition(" | ")[2] for line in table.splitlines() if line[:1] == "|"]
        assert set(re.findall(r"\b[A-Z]\d\b", " ".join(last_cells))) == {
            one.code for one in list_invariants()
        }


class TestWho:
    def test_sees_and_starts_it_are_those_who_look_after_the_whole(self) -> None:
        assert {name for name in ROLE_NAMES if SEES[name]} == {"dispatcher", "auditor", "admin"}
        assert {name for name in ROLE_NAMES if RUNS[name]} == {"dispatcher", "admin"}

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_may_look_and_start_one_by_role(self, client: Client, role: str) -> None:
        run = auditing.audit()
        client.force_login(make_member(role))
        allowed = 200 if SEES[role] else 403

        assert client.get(LIST).status_code == allowed
        assert client.get(reverse("admin:workflows_auditrun_change", args=[run.pk])).status_code == allowed
        assert (LIST in client.get(reverse("admin:index")).content.decode()) is SEES[role]
        assert client.post(RUN).status_code == (302 if RUNS[role] else 403)
        assert len(list_jobs(auditing.AUDIT_TASK)) == LogEntry.objects.count() == (1 if RUNS[role] else 0)

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_changes_a_run_is_nobody(self, client: Client, role: str) -> None:
        run = auditing.audit()
        before = AuditRun.objects.values().get()
        client.force_login(make_member(role))
        forged = {"action": "delete_selected", "_selected_action": run.pk, "post": "yes", "violations": 0}
        for page, arguments in [("changelist", []), ("change", [run.pk]), ("delete", [run.pk]), ("add", [])]:
            address = reverse(f"admin:workflows_auditrun_{page}", args=arguments)
            assert client.post(address, forged).status_code in (403, 405)
        assert AuditRun.objects.values().get() == before


class TestAuditNow:
    def test_is_done_by_a_worker_and_once_however_often_it_is_asked_for(self, client: Client) -> None:
        client.force_login(make_member("dispatcher"))
        first, second = client.post(RUN), client.post(RUN)
        assert messages_of(first) == ["A worker audits the invariants now: load this page again in a moment."]
        assert messages_of(second)[-1] == "An audit waits for a worker already."
        assert len(list_jobs(auditing.AUDIT_TASK)) == 1
        run_due_jobs()
        assert find_latest_run() == AuditRun.objects.get()


class TestPage:
    def test_costs_as_many_statements_however_much_is_violated(self, client: Client) -> None:
        client.force_login(make_member("auditor"))
        auditing.audit()
        sound = count_statements(client, LIST)
        for _lead in range(3):
            make_lead()
        plant("UPDATE leads_lead SET status = 'won'")
        auditing.audit()
        # Two invariants are violated, each names its leads with one statement.
        assert (sound, count_statements(client, LIST)) == (7, 9)
