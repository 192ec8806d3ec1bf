"""The pages of the audit, in Django's own admin and that of django-unfold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from workflows.admin.audit_runs import reading
from workflows.invariants.runs import run_audit
from workflows.invariants.tests.planting import plant
from workflows.models import AuditRun
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import Parcel

pytestmark = pytest.mark.django_db

PERMISSIONS = ("view_auditrun", "run_auditrun", "view_parcel")


def address(site: str, page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:workflows_auditrun_{page}", args=args, current_app=site)


def log_in(client: Client, *permissions: str) -> Client:
    client.force_login(make_user("auditor", *permissions, is_staff=True))
    return client


def lose_parcels(count: int) -> list[Parcel]:
    parcels = [make_parcel() for _number in range(count)]
    plant("UPDATE toyapp_parcel SET status = 'lost' WHERE id = ANY (%s)", [one.pk for one in parcels])
    return parcels


class TestTheList:
    def test_before_the_first_audit_says_so_and_offers_one(self, client: Client, site: str) -> None:
        page = log_in(client, *PERMISSIONS).get(address(site)).content.decode()
        assert "Nothing has been audited yet" in page
        assert "It should run every hour" in page
        assert "Audit now" in page

    def test_of_what_is_sound_says_that_all_hold(self, client: Client, site: str) -> None:
        make_parcel()
        run_audit()
        page = log_in(client, *PERMISSIONS).get(address(site)).content.decode()
        assert "All hold" in page
        assert "It should run every hour" not in page

    @pytest.mark.parametrize("site", ["stock", "unfold"])
    def test_shows_what_is_violated_by_whom_and_what_to_do(self, client: Client, site: str) -> None:
        (parcel,) = lose_parcels(1)
        run_audit()
        response = log_in(client, *PERMISSIONS).get(address(site))
        (violated,) = response.context["report"].violated
        assert (violated.code, violated.count, violated.more) == ("L1", 1, 0)
        assert violated.holds == "Parcel: the state is the one in which its last event ended."
        (named,) = violated.objects
        change = reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app=site)
        assert (named.text, named.url) == (str(parcel), change)
        page = response.content.decode()
        assert f'<a class="wf-link" href="{change}">Parcel {parcel.pk}</a>' in page
        assert "Look at its timeline." in page
        assert "1 of them new" in page

    def test_names_no_object_to_whom_may_not_view_it(self, client: Client, site: str) -> None:
        (parcel,) = lose_parcels(1)
        run_audit()
        response = log_in(client, "view_auditrun").get(address(site))
        (named,) = response.context["report"].violated[0].objects
        assert (named.text, named.url) == (f"parcel {parcel.pk}", "")

    def test_names_the_first_of_many(
        self, client: Client, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "OBJECTS_SHOWN_MAX", 2)
        first, second, _third = lose_parcels(3)
        run_audit()
        response = log_in(client, *PERMISSIONS).get(address(site))
        (violated,) = response.context["report"].violated
        assert [one.text for one in violated.objects] == [str(first), str(second)]
        assert "And 1 more" in response.content.decode()

    def test_costs_as_many_statements_however_many_runs_and_violators(
        self, client: Client, site: str, django_assert_num_queries: Any
    ) -> None:
        browser = log_in(client, *PERMISSIONS)
        lose_parcels(5)
        for _run in range(3):
            run_audit()
        # Session, user, two for permissions; latest run, count and page of runs, the parcels by name.
        with django_assert_num_queries(8):
            browser.get(address(site))

    def test_keeps_no_style_and_no_script_in_the_page(self, client: Client) -> None:
        lose_parcels(1)
        run_audit()
        page = log_in(client, *PERMISSIONS).get(address("stock")).content.decode()
        assert re.findall(r'<style|style="|<script(?![^>]*\bsrc=)|\bon\w+="', page) == []

    def test_turns_pages(self, client: Client, site: str) -> None:
        AuditRun.objects.bulk_create(AuditRun(took="1", violations=0, news=0, results=[]) for _n in range(49))
        browser = log_in(client, *PERMISSIONS)
        assert 'rel="next" href="?page=2"' in browser.get(address(site)).content.decode()
        assert len(browser.get(address(site), {"page": 2}).context["runs"]) == 1


class TestOneRun:
    def test_shows_what_it_found_then(self, client: Client, site: str) -> None:
        (parcel,) = lose_parcels(1)
        run = run_audit()
        plant("UPDATE toyapp_parcel SET status = 'packed' WHERE id = %s", parcel.pk)
        run_audit()
        response = log_in(client, *PERMISSIONS).get(address(site, "change", run.pk))
        assert [one.count for one in response.context["report"].violated] == [1]

    def test_shows_an_invariant_that_is_examined_no_more(self, client: Client, site: str) -> None:
        gone = {"name": "toyapp.gone", "code": "L1", "count": 2, "ids": [7, 8], "took_ms": 1}
        run = AuditRun.objects.create(took="1", violations=2, news=2, results=[gone])
        response = log_in(client, *PERMISSIONS).get(address(site, "change", run.pk))
        assert [one.text for one in response.context["report"].violated[0].objects] == [
            "object 7",
            "object 8",
        ]
        assert "This is examined no more." in response.content.decode()

    def test_that_does_not_exist_is_not_found(self, client: Client, site: str) -> None:
        assert log_in(client, *PERMISSIONS).get(address(site, "change", 99)).status_code == 404


class TestAuditNow:
    def test_audits_and_says_so(self, client: Client, site: str) -> None:
        response = log_in(client, *PERMISSIONS).post(address(site, "run"), follow=True)
        assert "The invariants were audited." in response.content.decode()
        assert AuditRun.objects.count() == 1

    def test_is_for_whom_may(self, client: Client, site: str) -> None:
        browser = log_in(client, "view_auditrun")
        assert "Audit now" not in browser.get(address(site)).content.decode()
        assert browser.post(address(site, "run")).status_code == 403
        assert not AuditRun.objects.exists()

    def test_is_asked_for_by_a_form_alone(self, client: Client, site: str) -> None:
        assert log_in(client, *PERMISSIONS).get(address(site, "run")).status_code == 405
        assert not AuditRun.objects.exists()
