"""The pages of the admin: who may open which, what they show, and how many statements they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from backend.bulk.models import BulkRun
from backend.catalog.models import Category, City
from backend.jobs.models import Job, Worker
from backend.leads.models import Lead, LeadAssignment, RoutingDecision, TermsVersion, WhatIf
from backend.leads.tests.admin_pages import (
    ROLE_NAMES,
    address_of,
    count_statements,
    edit_form,
    list_address,
    make_member,
)
from backend.leads.tests.factories import (
    chief,
    make_lead,
    make_market,
    make_provider,
    make_verified_lead,
    publish_terms,
)
from backend.matching.models import RankingModel
from backend.matching.tests.factories import make_ranking_model, make_user
from backend.notifications.models import Delivery, Notification, Receiver
from backend.notifications.services.planning import plan_deliveries
from backend.users.models import ProviderProfile, User
from workflows import TransitionRecord
from workflows.models import AuditRun

pytestmark = pytest.mark.django_db

MODELS = (
    Lead,
    LeadAssignment,
    RoutingDecision,
    TermsVersion,
    RankingModel,
    ProviderProfile,
    Category,
    City,
    Notification,
    Delivery,
    Receiver,
    User,
    Group,
)
# Their pages have tests of their own.
ELSEWHERE = {AuditRun, BulkRun, Job, Worker, TransitionRecord, WhatIf}
NEVER_ADDED = {LeadAssignment, RankingModel, RoutingDecision, Notification, Delivery, Receiver}
NEVER_DELETED = {
    Lead,
    LeadAssignment,
    RoutingDecision,
    TermsVersion,
    RankingModel,
    ProviderProfile,
    Notification,
    Delivery,
    Receiver,
    User,
}

# Measured: a verified lead with five offers, looked at by the role that may do most.
LEAD_PAGE_STATEMENTS = 12


def codename(model: type[Model], verb: str) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def make_one(model: type[Model]) -> Model:
    """Return an object of a model, as it is when a lead was verified."""
    City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
    make_verified_lead(providers=2)
    publish_terms(places=6)
    make_ranking_model()
    Receiver.objects.get_or_create(name="email", defaults={"in_flight_max": 6})
    plan_deliveries(Notification.objects.values_list("pk", flat=True))
    return model._default_manager.first()


@pytest.mark.parametrize("role", ROLE_NAMES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
class TestPagesOfEveryModel:
    def test_open_for_whoever_may_look(self, model: type[Model], role: str, client: Client) -> None:
        instance = make_one(model)
        member = make_member(role)
        client.force_login(member)
        expected = 200 if member.has_perm(codename(model, "view")) else 403

        for page in (list_address(model), f"{list_address(model)}?q=a", address_of(instance)):
            assert client.get(page).status_code == expected, page

    def test_add_what_may_be_added(self, model: type[Model], role: str, client: Client) -> None:
        member = make_member(role)
        client.force_login(member)
        may_add = member.has_perm(codename(model, "add")) and model not in NEVER_ADDED
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")

        assert client.get(page).status_code == (200 if may_add else 403)

    def test_delete_nothing_that_happened(self, model: type[Model], role: str, client: Client) -> None:
        instance = make_one(model)
        member = make_member(role)
        client.force_login(member)
        may_delete = member.has_perm(codename(model, "delete")) and model not in NEVER_DELETED

        asked = client.get(address_of(instance, "delete"))
        client.post(
            list_address(model), {"action": "delete_selected", "_selected_action": instance.pk, "post": "yes"}
        )

        assert asked.status_code == (200 if may_delete else 403)
        if not may_delete:
            assert type(instance)._base_manager.filter(pk=instance.pk).exists()


@pytest.mark.parametrize("role", ROLE_NAMES)
class TestMenu:
    def test_names_the_lists_that_the_role_may_open(self, role: str, client: Client) -> None:
        member = make_member(role)
        client.force_login(member)
        page = client.get(reverse("admin:index")).content.decode()
        for model in MODELS:
            is_there = f'<a href="{list_address(model)}" class="flex' in page
            assert is_there == member.has_perm(codename(model, "view")), model


class TestRoles:
    def test_are_all_among_those_that_are_tested(self) -> None:
        assert set(Group.objects.values_list("name", flat=True)) == set(ROLE_NAMES)


class TestRegistration:
    def test_leaves_no_model_to_the_stock_admin(self) -> None:
        registered = {
            model: type(model_admin).__module__ for model, model_admin in admin.site._registry.items()
        }
        assert set(registered) == {*MODELS, *ELSEWHERE}
        assert all(module.startswith("backend.") for module in registered.values())


def add_leads(count: int) -> None:
    category = make_market(providers=1)
    for number in range(count):
        make_lead(category, is_confirmed=number % 2 == 0)


def add_verified_leads(count: int) -> None:
    category = make_market(providers=2, open_offers_max=500, leads_per_day_max=500)
    for _number in range(count):
        make_lead(category).verify(by=chief())
    plan_deliveries(Notification.objects.values_list("pk", flat=True))


def add_providers(count: int) -> None:
    category = make_market(providers=count)
    for provider in ProviderProfile.objects.all():
        provider.offered_categories.create(category=make_market(providers=0))
    assert category.providers.count() == count


LISTS: tuple[tuple[type[Model], Callable[[int], None], int], ...] = (
    (Lead, add_leads, 10),
    (Lead, add_verified_leads, 3),
    (LeadAssignment, add_verified_leads, 3),
    (RoutingDecision, add_verified_leads, 3),
    (Notification, add_verified_leads, 3),
    (Delivery, add_verified_leads, 3),
    (Receiver, add_verified_leads, 3),
    (ProviderProfile, add_providers, 5),
    (User, add_providers, 5),
    (Category, add_providers, 5),
)


@pytest.mark.parametrize(("model", "add", "count"), LISTS)
class TestLists:
    def test_take_as_many_statements_for_three_times_the_rows(
        self, model: type[Model], add: Callable[[int], None], count: int, client: Client
    ) -> None:
        client.force_login(make_member("admin"))
        add(count)
        few = count_statements(client, list_address(model))
        add(2 * count)

        assert count_statements(client, list_address(model)) == few


class TestLeadPage:
    def test_takes_few_statements(self, client: Client) -> None:
        lead = make_verified_lead(providers=8)
        client.force_login(make_member("admin"))

        assert count_statements(client, address_of(lead)) <= LEAD_PAGE_STATEMENTS

    def test_takes_as_many_with_more_offers(self, client: Client) -> None:
        client.force_login(make_member("admin"))
        few, many = make_verified_lead(providers=2), make_verified_lead(providers=40)

        assert count_statements(client, address_of(few)) == count_statements(client, address_of(many))

    def test_is_served_with_the_policy_of_the_admin(self, client: Client) -> None:
        lead = make_lead()
        client.force_login(make_member("verifier"))

        policy = client.get(address_of(lead)).headers["Content-Security-Policy"]

        assert "script-src 'self' 'unsafe-eval'" in policy
        assert "default-src 'self'" in policy
        assert "unsafe" not in client.get("/").headers["Content-Security-Policy"]


def column_of(client: Client, lead: Lead, name: str) -> Any:
    """Return what the list says of a lead in one column."""
    changelist = client.get(list_address(Lead), {"q": lead.reference}).context["cl"]
    (row,) = changelist.result_list
    return getattr(changelist.model_admin, name)(row)


class TestNextStep:
    @pytest.fixture(autouse=True)
    def _login(self, client: Client) -> None:
        client.force_login(make_member("verifier"))

    def test_is_to_verify_when_nothing_is_in_the_way(self, client: Client) -> None:
        assert column_of(client, make_lead(), "next_step") == '<span class="wf-step wf-ready">Verify</span>'

    def test_names_every_guard_that_does_not_hold(self, client: Client) -> None:
        category = make_market(providers=0)
        make_lead(category, email="same@example.com")
        Category.objects.filter(pk=category.pk).update(is_served=False)
        lead = make_lead(category, is_confirmed=False, email="Same@Example.com")

        assert column_of(client, lead, "next_step") == (
            '<span class="wf-step wf-waits">Verify: waits for “Contact is confirmed”, “Is not a duplicate”, '
            "“Category is served”</span>"
        )

    def test_agrees_with_the_guard_about_duplicates(self, client: Client) -> None:
        category = make_market(providers=0)
        first = make_lead(category, phone="+49 30 901820", email="")
        repeated = make_lead(category, phone="+4930901820", email="")
        make_lead(phone="+49 30 901820", email="")

        assert "Is not a duplicate" not in column_of(client, first, "next_step")
        assert "Is not a duplicate" in column_of(client, repeated, "next_step")

    def test_counts_the_answers_that_are_waited_for(self, client: Client) -> None:
        lead = make_verified_lead(providers=3)
        assert "Waits for 3 answers" in column_of(client, lead, "next_step")
        lead.assignments.first().accept(by=chief())
        assert "Waits for a quote: 1 has accepted" in column_of(client, lead, "next_step")

    def test_is_to_wait_when_a_lead_that_lacks_providers_is_tried_again(self, client: Client) -> None:
        lead = make_verified_lead(providers=0)
        assert column_of(client, lead, "next_step") == (
            f'<span class="wf-step wf-waits">Waits for a provider: tried again by {lead.retry_at:%H:%M}</span>'
        )

    def test_is_to_reroute_when_nobody_has_an_offer(self, client: Client) -> None:
        lead = make_verified_lead(providers=0)
        Lead._base_manager.update(retry_at=None)
        assert column_of(client, lead, "next_step") == (
            '<span class="wf-step wf-ready">Reroute: nobody has an offer</span>'
        )

    def test_is_nothing_when_the_lead_has_ended(self, client: Client) -> None:
        lead = make_lead()
        lead.reject(by=chief(), reason="other")
        assert column_of(client, lead, "next_step") == ""


class TestUsers:
    def test_make_nobody_a_superuser_but_by_a_superuser(self, client: Client) -> None:
        member = make_member("admin")
        client.force_login(member)

        form = client.get(address_of(member)).context["adminform"].form

        assert "is_superuser" not in form.fields
        assert "is_active" in form.fields

    def test_can_be_added_with_a_password(self, client: Client) -> None:
        client.force_login(make_member("admin"))
        form = {"username": "new.person", "password1": "long enough 7", "password2": "long enough 7"}

        response = client.post(reverse("admin:users_user_add"), {**form, "usable_password": "true"})

        assert response.status_code == 302
        assert User.objects.get(username="new.person").check_password("long enough 7")


class TestProviderPage:
    def test_shows_load_and_latest_offers(self, client: Client) -> None:
        lead = make_verified_lead(providers=1)
        client.force_login(make_member("dispatcher"))

        response = client.get(address_of(lead.assignments.get().provider))

        shown = response.context["provider_page"]
        assert shown.load.open_offers == 1
        assert [row.offer.lead for row in shown.recent_offers] == [lead]

    def test_opens_for_one_that_never_had_an_offer(self, client: Client) -> None:
        client.force_login(make_member("dispatcher"))

        response = client.get(address_of(make_provider(is_active=False)))

        assert (response.status_code, response.context["provider_page"].recent_offers) == (200, ())

    def test_takes_a_provider_in_with_what_it_offers(self, client: Client) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        login, category = make_user(), make_market(providers=0)
        member = make_member("dispatcher")
        client.force_login(member)
        page = reverse("admin:users_providerprofile_add")
        offered = {
            "offered_categories-TOTAL_FORMS": "1",
            "offered_categories-0-category": category.pk,
            "offered_categories-0-typical_price": "80",
        }
        chosen = {"languages": ["de", "en"], "open_weekdays": ["1", "5"], "time_zone": "Europe/Berlin"}
        form = edit_form(
            client, page, company_name="Acme", user=login.pk, place_name="Berlin", **chosen, **offered
        )

        assert client.post(page, form).status_code == 302

        provider = ProviderProfile.objects.get()
        assert (provider.status, provider.latitude, provider.open_weekdays) == ("pending", 52.52, [1, 5])
        assert list(provider.categories.all()) == [category]
        assert [area.category_id for area in provider.coverage_areas.all()] == [category.pk]
        record = TransitionRecord.objects.get(machine="users.providerprofile")
        assert (record.actor, record.channel) == (f"user:{member.pk}", "admin")

    @pytest.mark.parametrize(
        ("changed", "field", "error"),
        [
            ({"holiday_from_date": "2026-01-05"}, "holiday_until_date", "Give both days, or none."),
            ({"holiday_until_date": "2026-01-05"}, "holiday_from_date", "Give both days, or none."),
            (
                {"holiday_from_date": "2026-01-05", "holiday_until_date": "2026-01-04"},
                "holiday_until_date",
                "The holiday ends before it begins.",
            ),
            (
                {"time_zone": "Mars/Base"},
                "time_zone",
                "“Mars/Base” is no time zone: write it like Europe/Berlin.",
            ),
        ],
    )
    def test_says_what_is_wrong_with_it(
        self, changed: dict[str, str], field: str, error: str, client: Client
    ) -> None:
        provider = make_provider()
        client.force_login(make_member("dispatcher"))

        response = client.post(address_of(provider), edit_form(client, address_of(provider), **changed))

        assert list(response.context["adminform"].form.errors[field])[:1] == [error]
        assert ProviderProfile.objects.get().time_zone == "UTC"
