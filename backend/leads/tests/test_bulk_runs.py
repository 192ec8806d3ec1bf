"""Bulk runs over leads: planned, started, run by jobs, cancelled, retried, stopped when a right is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.bulk.selectors import list_forecast
from backend.bulk.services import slices
from backend.bulk.services.planning import plan_run, start_run
from backend.bulk.services.running import run_slice
from backend.bulk.services.sweeping import look_after_runs
from backend.jobs.models import Job
from backend.jobs.testing import list_jobs, run_due_jobs
from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import lead_router
from backend.leads.services.contacts import confirm_contact
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.bulk_runs import figures_of, make_leads, plan, states_of_leads
from backend.users.models import User
from workflows import TransitionBlocked, TransitionForbidden, TransitionRecord, machine_of

pytestmark = pytest.mark.django_db


class TestPlan:
    def test_says_how_many_move_and_why_others_stay_and_changes_nothing(self) -> None:
        leads = make_leads(3, others=2)
        leads[0].verify(by=make_member("verifier"))
        before = states_of_leads()

        run = plan(make_member("verifier"))

        assert run.status == "planned"
        groups = [(g.outlook, g.reason, g.lifted_by, g.count) for g in list_forecast(run)]
        assert groups == [
            ("moves", "", "", 2),
            ("stays", "contact_is_confirmed", "vouched", 2),
            ("stays", "not_possible_from_state:verified", "", 1),
        ]
        assert states_of_leads() == before

    def test_of_many_is_made_by_jobs(self) -> None:
        make_leads(51)
        starter = make_member("verifier")
        run = plan_run(Lead.objects.all(), "verify", starter=starter, selection="All", selection_url="/")
        assert run.status == "planning"
        assert list_jobs("bulk.judge_slice") == [
            {"run_id": run.pk, "first": run.items.first().pk, "last": run.items.last().pk}
        ]
        run_due_jobs()
        run.refresh_from_db()
        assert [(g.outlook, g.count) for g in list_forecast(run)] == [("moves", 51)]
        assert run.status == "planned"

    def test_asks_the_database_once_for_each_object_beside_what_it_asks_for_all(self) -> None:
        starter = make_member("verifier")
        taken = []
        for count in (1, 10, 20):  # the first warms what is kept
            make_leads(count)
            leads = Lead.objects.order_by("-pk")[:count]
            with CaptureQueriesContext(connection) as statements:
                plan_run(
                    Lead.objects.filter(pk__in=[lead.pk for lead in leads]),
                    "verify",
                    starter=starter,
                    selection="All",
                    selection_url="/",
                )
            taken.append(len(statements))
        assert taken[1:] == [35, 45]

    def test_takes_no_object_that_comes_later(self) -> None:
        make_leads(1)
        run = plan(make_member("verifier"))
        make_leads(1)
        start_run(run, by=run.starter, arguments={})
        run_due_jobs()
        assert states_of_leads() == {"new": 1, "verified": 1}


class TestRun:
    def test_moves_each_once_as_who_started_it_and_is_one_request_in_the_log(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_leads(30)
        monkeypatch.setattr(slices, "RUN_TOGETHER", 20)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        assert len(list_jobs("bulk.run_slice")) == 2
        run_due_jobs()

        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("finished", (30, 0, 0, 0))
        rows = TransitionRecord.objects.filter(request_id=f"bulk-{run.pk}", machine="leads.lead")
        assert set(rows.values_list("log__transition", "actor", "channel")) == {
            ("verify", f"user:{run.starter_id}", "bulk")
        }
        assert rows.count() == 30
        assert LeadAssignment.objects.count() == 60

    def test_leaves_alone_what_would_stay_and_gives_consents_only_when_given(self) -> None:
        make_leads(1, others=2)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        run_due_jobs()
        assert states_of_leads() == {"new": 2, "verified": 1}
        assert figures_of(run) == (1, 2, 0, 0)

        consenting = plan(make_member("verifier"))
        start_run(consenting, by=consenting.starter, arguments={"vouched": True})
        run_due_jobs()
        assert figures_of(consenting) == (2, 1, 0, 0)
        assert states_of_leads() == {"verified": 3}

    def test_gives_each_the_same_arguments(self) -> None:
        make_leads(2)
        run = plan(make_member("verifier"), "reject")
        reason = machine_of(Lead).transition("reject").arguments[0].annotation("not_genuine")
        start_run(run, by=run.starter, arguments={"reason": reason, "note": "A wave of them"})
        run_due_jobs()
        assert states_of_leads() == {"rejected": 2}
        reasons = TransitionRecord.objects.filter(log__transition="reject").values_list(
            "arguments", flat=True
        )
        assert list(reasons) == [{"reason": "not_genuine", "note": "A wave of them"}] * 2

    def test_says_why_one_stays_that_has_changed_since_the_preview(self) -> None:
        leads = make_leads(2)
        run = plan(make_member("verifier"))
        leads[0].reject(by=run.starter, reason="not_genuine")
        start_run(run, by=run.starter, arguments={})
        run_due_jobs()
        assert figures_of(run) == (1, 1, 0, 0)
        assert run.items.get(outcome="stays").reason == "not_possible_from_state:rejected"

    def test_goes_on_after_an_error_in_one_and_retries_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leads = make_leads(3)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        Lead._base_manager.filter(pk=leads[1].pk).update(latitude=52.0, title="x" * 10)
        breaks_on(monkeypatch, leads[1].pk)
        run_due_jobs()
        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("finished", (2, 0, 1, 0))
        assert run.items.get(outcome="failed").message == "RuntimeError: no map today"
        assert states_of_leads() == {"new": 1, "verified": 2}

        monkeypatch.undo()
        run.retry_failures(by=run.starter)
        run_due_jobs()
        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("finished", (3, 0, 0, 0))

    def test_retries_those_that_stayed(self) -> None:
        (lead,) = make_leads(0, others=1)
        make_leads(1)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        run_due_jobs()
        assert figures_of(run) == (1, 1, 0, 0)
        confirm_contact(lead, by=None)
        run.refresh_from_db()
        run.retry_stayed(by=run.starter)
        run_due_jobs()
        assert figures_of(run) == (2, 0, 0, 0)

    def test_stops_before_the_next_object_when_cancelled_and_goes_on_when_told(self) -> None:
        make_leads(3)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        run.cancel(by=run.starter)
        run_due_jobs()
        assert figures_of(run) == (0, 0, 0, 3)
        run.resume(by=run.starter)
        run_due_jobs()
        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("finished", (3, 0, 0, 0))

    @pytest.mark.parametrize("loss", ["group", "login"])
    def test_stops_when_who_started_it_may_not_go_on(self, loss: str) -> None:
        make_leads(3)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        if loss == "group":
            run.starter.groups.clear()
        else:
            User.objects.filter(pk=run.starter_id).update(is_active=False)
        run_due_jobs()
        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("stopped", (0, 0, 0, 3))
        assert states_of_leads() == {"new": 3}
        name = str(run.starter)
        told = TransitionRecord.objects.get(machine="bulk.bulkrun", log__transition="stop").reason
        assert (
            told
            == {
                "group": f"{name} lacks the permission “Can run transitions on many objects at once”.",
                "login": f"The login of {name} has been switched off.",
            }[loss]
        )
        with pytest.raises((TransitionBlocked, TransitionForbidden)):
            run.resume(by=User.objects.get(pk=run.starter_id))

    def test_takes_few_statements_for_each_beside_those_of_the_transition(self) -> None:
        make_leads(3)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        first, second, third = run.items.values_list("id", flat=True)
        run_slice(run.pk, first=first, last=first)
        with CaptureQueriesContext(connection) as statements:
            run_slice(run.pk, first=second, last=second)
        with CaptureQueriesContext(connection) as alone:
            Lead.objects.get(pk=run.items.get(id=third).object_id).verify(by=run.starter)
        assert (len(statements), len(alone)) == (28, 23)

    def test_does_nothing_twice_when_a_job_comes_twice(self) -> None:
        make_leads(2)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        (job,) = list_jobs("bulk.run_slice")
        run_due_jobs()
        run_slice(**job)
        assert set(Lead.objects.values_list("version", flat=True)) == {2}
        assert set(run.items.values_list("attempts", flat=True)) == {1}

    def test_takes_a_move_back_that_could_not_be_recorded(self) -> None:
        make_leads(1)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        (job,) = list_jobs("bulk.run_slice")

        def die_before_the_record(execute: Any, sql: str, *arguments: Any) -> Any:
            if sql.startswith('UPDATE "bulk_bulkitem"'):
                raise SystemExit
            return execute(sql, *arguments)

        with connection.execute_wrapper(die_before_the_record), pytest.raises(SystemExit):
            run_slice(**job)
        assert (states_of_leads(), figures_of(run)) == ({"new": 1}, (0, 0, 0, 1))
        run_slice(**job)
        assert (states_of_leads(), figures_of(run)) == ({"verified": 1}, (1, 0, 0, 0))

    def test_is_accounted_for_when_its_jobs_are_gone(self) -> None:
        make_leads(2)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        Job.objects.filter(task_name="bulk.run_slice").delete()
        look_after_runs()
        run.refresh_from_db()
        assert (run.status, figures_of(run)) == ("finished", (0, 0, 2, 0))
        run.retry_failures(by=run.starter)
        run_due_jobs()
        assert figures_of(run) == (2, 0, 0, 0)


def breaks_on(monkeypatch: pytest.MonkeyPatch, lead_id: int) -> None:
    """Have the routing of one lead fail, as it would for a fault of ours."""
    route_many = lead_router.route_many

    def fail_on_one(leads: Sequence[Lead], **options: Any) -> Any:
        if lead_id in {lead.pk for lead in leads}:
            raise RuntimeError("no map today")
        return route_many(leads, **options)

    monkeypatch.setattr(lead_router, "route_many", fail_on_one)
