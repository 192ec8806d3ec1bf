"""The process maps of the marketplace: who sees them, by what they are narrowed, where they lead, what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import (
    ROLE_NAMES,
    address_of,
    count_statements,
    list_address,
    make_member,
)
from backend.leads.tests.factories import make_lead, make_market, make_verified_lead
from backend.procompare.roles import ROLES
from backend.users.models import ProviderProfile
from workflows import Channel, acting
from workflows.registry import list_workflow_models

pytestmark = pytest.mark.django_db

MAPS = reverse("process_maps")
MODELS = [model for model in list_workflow_models() if model in admin.site._registry]


def map_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_process_map")


def counts(response: Any) -> dict[tuple[str, str, str], int]:
    return {edge.key: edge.pace.count for edge in response.context["found"].edges if edge.pace.count}


def now(response: Any) -> dict[str, int]:
    return {figures.state.value: figures.now for figures in response.context["found"].states if figures.now}


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(make_member("auditor"))
    return client


class TestWho:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_sees_which_map_by_role(self, client: Client, role: str) -> None:
        client.force_login(make_member(role))
        sees = {
            model: ROLES[role].may(f"{model._meta.app_label}.view_{model._meta.model_name}")
            for model in MODELS
        }

        assert {model: client.get(map_of(model)).status_code for model in MODELS} == {
            model: 200 if may else 403 for model, may in sees.items()
        }
        assert {client.post(map_of(model)).status_code for model in MODELS} == {405}
        index = client.get(MAPS)
        assert {shown["link"].model for shown in index.context["maps"]} == {
            m for m, may in sees.items() if may
        }
        assert MAPS in client.get("/admin/").content.decode()

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_is_led_to_events_only_where_they_may_be_seen(self, client: Client, role: str) -> None:
        make_verified_lead()
        client.force_login(make_member(role))

        page = client.get(map_of(Lead)).content.decode()

        assert ("transition=leads.lead%3Averify" in page) == ROLES[role].may(
            "workflows.view_transitionrecord"
        )

    def test_has_one_of_every_machine(self) -> None:
        ours = [model for model in list_workflow_models() if model.__module__.startswith("backend.")]
        assert ours == MODELS


class TestLead:
    def test_is_narrowed_by_its_category_as_are_its_offers_and_its_lists(self, auditor: Client) -> None:
        lead = make_verified_lead(providers=2)
        make_lead(make_market(providers=1))
        category = lead.category_id

        leads = auditor.get(map_of(Lead), {"category": category})
        offers = auditor.get(map_of(LeadAssignment), {"lead__category": category})

        assert counts(leads) == {("create", "", "new"): 1, ("verify", "new", "verified"): 1}
        assert now(leads) == {"verified": 1}
        assert counts(auditor.get(map_of(Lead)))["create", "", "new"] == 2
        assert counts(offers) == {("create", "", "offered"): 2}
        for response, state in ((leads, "verified"), (offers, "offered")):
            url = next(row.url for row in response.context["states"] if row.state.value == state)
            assert auditor.get(url).context["cl"].result_count == now(response)[state]

    def test_counts_as_many_events_as_the_audit_list_to_which_it_leads(self, auditor: Client) -> None:
        _first, lead = make_verified_lead(), make_verified_lead()
        with acting(channel=Channel.ADMIN):
            lead.reject(by=make_member("admin"), reason="unreachable")

        response = auditor.get(map_of(Lead), {"days": "7"})

        (url,) = {row.url for row in response.context["edges"] if row.label == "Verify"}
        assert counts(response)["verify", "new", "verified"] == 2
        assert auditor.get(url).context["count"] == 2


class TestLinks:
    def test_lead_to_each_map_from_the_list_of_its_objects(self, auditor: Client) -> None:
        for model in MODELS:
            assert f'href="{map_of(model)}"' in auditor.get(list_address(model)).content.decode()

    def test_lead_to_the_map_from_each_object(self, auditor: Client) -> None:
        lead = make_lead(make_market(providers=1))

        assert f'href="{map_of(Lead)}"' in auditor.get(address_of(lead)).content.decode()


class TestProvider:
    def test_is_narrowed_by_what_it_offers(self, auditor: Client) -> None:
        make_market(providers=2)
        provider = ProviderProfile.objects.latest("pk")
        category = provider.categories.get()

        response = auditor.get(map_of(ProviderProfile), {"categories": category.pk})

        assert sum(now(response).values()) == category.providers.count()
        (url,) = {row.url for row in response.context["states"] if row.state.value == provider.status}
        assert auditor.get(url).context["cl"].result_count == now(response)[provider.status]


class TestCost:
    @pytest.mark.parametrize(
        ("model", "statements"), [(Lead, 7), (LeadAssignment, 7), (ProviderProfile, 7)], ids=lambda v: str(v)
    )
    def test_is_the_same_however_many_objects(
        self, auditor: Client, model: type[Model], statements: int
    ) -> None:
        for _number in range(3):
            make_verified_lead(providers=3)

        # Session, user, two of permissions; categories; how many are where; what happened.
        assert count_statements(auditor, map_of(model)) == statements
