"""The pages of the terms: what is in force, drafting and publishing other ones, who may, in a browser too."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from backend.leads.models import TermsVersion
from backend.leads.terms_in_force import read_terms_book
from backend.leads.tests.admin_pages import (
    ROLE_NAMES,
    address_of,
    count_statements,
    edit_form,
    list_address,
    make_member,
    transition_address,
)
from backend.leads.tests.factories import make_category, make_terms_draft, publish_terms
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk
from workflows import TransitionRecord

pytestmark = pytest.mark.django_db

ADD = "/admin/leads/termsversion/add/"


def logged_in(role: str) -> Client:
    client = Client()
    client.force_login(make_member(role))
    return client


class TestTheList:
    def test_shows_what_is_in_force_for_the_market_and_each_category(self) -> None:
        painting = make_category(name="Painting")
        market = publish_terms(places=6)
        publish_terms(painting, offer_hours=12)
        page = logged_in("verifier").get(list_address(TermsVersion))
        in_force = page.context["in_force"]
        rows = {row.label: row for row in in_force.rows}
        assert (in_force.market, [one.category for one in in_force.exceptions]) == (market, [painting])
        assert rows["Places"].market == 6
        assert [(cell.value, cell.differs) for cell in rows["Places"].exceptions] == [(6, False)]
        assert [(cell.value, cell.differs) for cell in rows["Hours of an offer"].exceptions] == [(12, True)]
        assert "Make an exception" not in page.content.decode()

    def test_says_that_nobody_has_published_yet(self) -> None:
        page = logged_in("dispatcher").get(list_address(TermsVersion))
        assert "nobody has published terms yet" in page.content.decode()

    def test_takes_the_same_statements_for_few_and_many(self) -> None:
        client = logged_in("admin")
        publish_terms(places=4)
        for _category in range(2):
            publish_terms(make_category(), places=5)
        few = count_statements(client, list_address(TermsVersion))
        for places in (7, 8, 9):
            publish_terms(make_category(), places=places)
        assert count_statements(client, list_address(TermsVersion)) == few == 9


class TestADraft:
    def test_of_the_market_starts_from_what_is_in_force(self) -> None:
        publish_terms(places=6)
        client = logged_in("dispatcher")
        client.post(ADD, edit_form(client, ADD, why="Fewer waves", waves_max=10))
        draft = TermsVersion.objects.get(status="draft")
        assert (draft.places, draft.waves_max, draft.category) == (6, 10, None)
        assert draft.based_on == TermsVersion.objects.get(status="in_force")
        page = client.get(address_of(draft))
        changes = [(change.label, change.now, change.then) for change in page.context["changes"]]
        assert changes == [("Waves of a lead", 30, 10)]
        creation = TransitionRecord.objects.get(machine="leads.termsversion", object_id=draft.pk)
        assert creation.log.by.username.startswith("dispatcher")

    def test_of_a_category_says_only_where_it_differs(self) -> None:
        painting, client = make_category(), logged_in("dispatcher")
        address = f"{ADD}?of=category"
        client.post(
            address, edit_form(client, address, why="Slow trade", category=painting.pk, offer_hours=72)
        )
        draft = TermsVersion.objects.get()
        assert (draft.category, draft.offer_hours, draft.places, draft.duplicate_days) == (
            painting,
            72,
            None,
            None,
        )

    def test_like_an_earlier_version_brings_it_back(self) -> None:
        earlier = publish_terms(places=6)
        publish_terms(places=8)
        client = logged_in("dispatcher")
        address = f"{ADD}?like={earlier.pk}"
        client.post(address, edit_form(client, address, why="Back"))
        TermsVersion.objects.get(status="draft").publish(by=make_member("dispatcher"))
        assert read_terms_book().market.places == 6

    @pytest.mark.parametrize(("name", "value"), [("places", ""), ("places", 2), ("offer_hours", 9999)])
    def test_that_cannot_hold_is_not_saved(self, name: str, value: object) -> None:
        client = logged_in("dispatcher")
        page = client.post(ADD, edit_form(client, ADD, why="x", **{name: value}))
        assert page.status_code == 200
        assert page.context["adminform"].form.errors
        assert not TermsVersion.objects.exists()

    def test_that_was_published_meanwhile_is_not_changed(self) -> None:
        draft, client = make_terms_draft(places=6), logged_in("dispatcher")
        form = edit_form(client, address_of(draft), places=9)
        draft.publish(by=make_member("dispatcher"))
        assert client.post(address_of(draft), form).status_code == 403
        assert read_terms_book().market.places == 6


class TestARole:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_drafts_and_publishes_where_it_may_and_nowhere_else(self, role: str) -> None:
        client, member, draft = Client(), make_member(role), make_terms_draft(places=6)
        client.force_login(member)
        may = member.has_perm("leads.publish_termsversion")
        assert (may, member.has_perm("leads.add_termsversion")) == (role in ("dispatcher", "admin"),) * 2
        assert client.get(list_address(TermsVersion)).status_code == 200
        assert client.get(ADD).status_code == (200 if may else 403)
        assert client.post(ADD, {"why": "x"}).status_code == (200 if may else 403)
        answer = client.post(transition_address(draft, "publish"))
        assert answer.status_code == (302 if may else 403)
        draft.refresh_from_db()
        assert draft.status == ("in_force" if may else "draft")

    def test_that_may_not_is_offered_nothing(self) -> None:
        page = logged_in("finance").get(address_of(publish_terms(places=6))).content.decode()
        assert "Draft a version like it" not in page


def test_a_new_provider_starts_with_the_limits_of_the_terms() -> None:
    publish_terms(provider_open_offers=3, provider_offers_a_day=7, provider_offers_a_month=90)
    form = logged_in("dispatcher").get(reverse("admin:users_providerprofile_add")).context["adminform"].form
    limits = [form[name].value() for name in ("open_offers_max", "leads_per_day_max", "leads_per_month_max")]
    assert limits == [3, 7, 90]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_terms_are_drafted_compared_and_published(self, make_desk: MakeDesk, scheme: str) -> None:
        publish_terms(make_category(name="Painting"), offer_hours=12)
        desk = make_desk(color_scheme=scheme)
        desk.log_in("dispatcher")
        page = desk.open(list_address(TermsVersion))
        expect(page.get_by_role("table").first).to_contain_text("Painting")
        assert find_barriers(page) == []

        page.get_by_role("link", name="Change the market's terms").click()
        page.locator("#id_why").fill("Fewer calls")
        page.locator("#id_places").fill("4")
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.locator(".pc-terms-changes")).to_have_text(re.compile(r"Places\s*5\s*4"))
        assert find_barriers(page) == []

        page.get_by_role("link", name="Publish…").click()
        page.get_by_role("dialog").get_by_role("button", name="Publish").click()
        expect(page.locator(".wf-badge-large")).to_have_text(re.compile("In force"))
        expect(page.get_by_text("Decisions name this version")).to_be_visible()
        assert read_terms_book().market.places == 4

    def test_fit_a_phone(self, make_desk: MakeDesk) -> None:
        for name in ("Carpentry and joinery", "Painting", "Removals"):
            publish_terms(make_category(name=name), offer_hours=12)
        desk = make_desk(viewport={"width": 390, "height": 844})
        desk.log_in("verifier")
        page = desk.open(list_address(TermsVersion))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
