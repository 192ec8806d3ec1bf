"""Generated from every machine and role: whoever may runs a transition by its POST, others change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.test import Client

from backend.leads.models import Lead
from backend.leads.tests.admin_pages import ROLE_NAMES, address_of, edit_form, make_member, transition_address
from backend.leads.tests.factories import make_lead, make_verified_lead
from backend.leads.tests.test_every_edge import SUBJECTS
from backend.notifications.models import Notification
from workflows import TransitionRecord, WorkflowModel, machine_of
from workflows.machine import Transition

pytestmark = pytest.mark.django_db

TRANSITIONS = [
    (name, transition)
    for name, subject in SUBJECTS.items()
    for transition in machine_of(subject.model).transitions
]


def case_id(value: Any) -> str:
    return value.name if isinstance(value, Transition) else str(value)


def make_ready(name: str, transition: Transition) -> tuple[WorkflowModel, dict[str, Any]]:
    """Return an object out of whose state the transition leads, and the form that runs it."""
    subject = SUBJECTS[name]
    instance = subject.bring_to(transition.sources[0], for_transition=transition.name)
    given = subject.arguments.get(transition.name, lambda instance: {})(instance)
    form = {
        key: value.pk if isinstance(value, Model) else value for key, value in given.items() if key != "by"
    }
    return instance, {"expect": instance.state, "expect_version": instance.version, **form}


def picture_of(instance: WorkflowModel) -> tuple[Any, ...]:
    """Return everything that a transition would change."""
    stored = type(instance).objects.get(pk=instance.pk)
    counts = (TransitionRecord.objects.count(), LogEntry.objects.count(), Notification.objects.count())
    return (stored.state, stored.version, stored.state_since, *counts)


@pytest.mark.parametrize("role", ROLE_NAMES)
@pytest.mark.parametrize(("name", "transition"), TRANSITIONS, ids=case_id)
class TestPostOfEveryRole:
    def test_runs_for_whoever_may_and_is_refused_to_others(
        self, name: str, transition: Transition, role: str, client: Client
    ) -> None:
        instance, form = make_ready(name, transition)
        before = picture_of(instance)
        member = make_member(role)
        client.force_login(member)

        response = client.post(transition_address(instance, transition.name), form)

        if not (transition.permission and member.has_perm(transition.permission)):
            assert (response.status_code, picture_of(instance)) == (403, before)
            return
        assert response.status_code == 302
        stored = type(instance).objects.get(pk=instance.pk)
        assert (stored.state, stored.version) == (transition.target or instance.state, instance.version + 1)
        record = TransitionRecord.objects.get(
            machine=machine_of(type(instance)).label, object_id=instance.pk, sequence=stored.version
        )
        assert (record.actor, record.channel) == (f"user:{member.pk}", "admin")


@pytest.mark.parametrize(("name", "transition"), TRANSITIONS, ids=case_id)
class TestEveryTransition:
    def test_is_never_run_by_a_get(self, name: str, transition: Transition, client: Client) -> None:
        instance, form = make_ready(name, transition)
        before = picture_of(instance)
        client.force_login(make_member("admin"))

        response = client.get(transition_address(instance, transition.name), form)

        assert response.status_code in (200, 403)
        assert picture_of(instance) == before

    def test_sends_a_post_without_login_to_the_login_page(
        self, name: str, transition: Transition, client: Client
    ) -> None:
        instance, form = make_ready(name, transition)
        before = picture_of(instance)

        response = client.post(transition_address(instance, transition.name), form)

        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/?next=/admin/")
        assert picture_of(instance) == before


class TestForgedPost:
    def test_of_a_providers_own_login_is_sent_to_the_login_page(self, client: Client) -> None:
        offer = make_verified_lead().assignments.get()
        client.force_login(offer.provider.user)

        response = client.post(transition_address(offer, "accept"), {"expect": "offered"})

        assert response.headers["Location"].startswith("/admin/login/")
        assert picture_of(offer)[:2] == ("offered", 1)

    def test_without_the_token_of_a_form_is_refused(self) -> None:
        lead = make_lead()
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_member("verifier"))

        response = client.post(transition_address(lead, "verify"), {"expect": "new"})

        assert (response.status_code, picture_of(lead)[:2]) == (403, ("new", 1))

    @pytest.mark.parametrize("name", ["__init__", "delete", "save", "no_such"])
    def test_of_what_is_no_transition_is_not_found(self, name: str, client: Client) -> None:
        lead = make_lead()
        client.force_login(make_member("admin"))

        response = client.post(transition_address(lead, name), {"expect": "new"})

        assert (response.status_code, picture_of(lead)[:2]) == (404, ("new", 1))

    def test_of_a_state_in_the_edit_form_changes_no_state(self, client: Client) -> None:
        lead = make_lead()
        client.force_login(make_member("admin"))
        page = address_of(lead)
        forged = {"status": "won", "version": "9", "state_since_0": "2020-01-01", "state_since_1": "00:00"}

        response = client.post(page, edit_form(client, page, title="Another tap", **forged))

        assert (response.status_code, Lead.objects.get(pk=lead.pk).title) == (302, "Another tap")
        assert picture_of(lead)[:3] == ("new", 1, lead.state_since)
