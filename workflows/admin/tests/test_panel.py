"""The panel above the change form, on both sites."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from workflows import SystemActor
from workflows.admin.panel import Look, build_panel
from workflows.admin.tests.pages import Page, read
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db

SITES = ["stock", "unfold"]


def page_of(browser: Client, parcel: Parcel, *, site: str = "stock", query: str = "") -> Page:
    address = reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app=site)
    response = browser.get(address + query)
    assert response.status_code == 200
    return read(response)


def panel_of(parcel: Parcel, by: Any) -> Any:
    return build_panel(parcel, by=by, url_of=lambda name: f"/{name}/", events_max=50)


class TestButtons:
    @pytest.mark.parametrize("site", SITES)
    def test_are_posts_of_their_own_forms_with_what_was_seen(self, browser: Client, site: str) -> None:
        page = page_of(browser, make_parcel(), site=site)
        form = page.form("/transition/send/")

        assert form.method == "post"
        assert {"csrfmiddlewaretoken", "expect", "expect_version"} <= set(form.fields)
        assert (form.fields["expect"], form.fields["expect_version"]) == ("packed", "1")

    @pytest.mark.parametrize("site", SITES)
    def test_are_no_part_of_the_edit_form_so_that_enter_saves(self, browser: Client, site: str) -> None:
        page = page_of(browser, make_parcel(), site=site)
        edit = page.form("parcel_form")

        assert page.nested == []
        assert "address" in edit.fields
        assert not {"expect", "status", "version", "state_since"} & set(edit.fields)

    def test_lead_to_a_page_when_something_is_asked(self, browser: Client) -> None:
        parcel = make_parcel()
        button = page_of(browser, parcel).buttons["Return…"]

        assert button["href"] == (
            f"/stock/toyapp/parcel/{parcel.pk}/transition/give_back/?expect=packed&expect_version=1"
        )
        assert "data-wf-dialog" in button

    def test_are_primary_first_and_dangerous_last(self, clerk: Any) -> None:
        panel = panel_of(make_parcel(), clerk)

        assert [(action.text, action.look, action.asks) for action in panel.actions] == [
            ("Send → Sent", Look.PRIMARY, False),
            ("Return…", Look.DANGER, True),
        ]

    def test_are_disabled_with_a_checklist_when_blocked(self, browser: Client) -> None:
        page = page_of(browser, make_parcel(address="", weight_kg=30))

        assert "disabled" in page.buttons["Send → Sent"]
        assert "Send is blocked ✗ Does not hold: Address is known Write the address on the parcel first." in (
            page.words
        )
        assert not [form for form in page.forms if "/send/" in form.action]

    def test_stay_enabled_when_their_own_arguments_can_lift_what_blocks(self, browser: Client) -> None:
        page = page_of(browser, make_parcel(weight_kg=30))

        assert "disabled" not in page.buttons["Send…"]
        assert (
            "Send is blocked; your word can lift it ✓ Holds: Address is known ✗ Does not hold: Weight is allowed"
            in page.words
        )

    def test_ask_for_no_consent_that_nothing_needs(self, clerk: Any) -> None:
        send = panel_of(make_parcel(), clerk).actions[0]

        assert (send.name, send.asks) == ("send", False)


class TestRemarks:
    def test_say_whose_a_forbidden_transition_is(self, client: Client) -> None:
        client.force_login(make_user("viewer", "view_parcel", is_staff=True))
        page = page_of(client, make_parcel())

        assert "Send — This is for staff with the permission “Can send a parcel”." in page.words
        assert "Send → Sent" not in page.buttons

    def test_put_what_only_the_system_does_into_one_line(self, browser: Client, clerk: Any) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        assert [remark.label for remark in panel_of(parcel, clerk).systems] == ["Track", "Give up"]
        assert "By the system: Track · Give up" in page_of(browser, parcel).words


class TestPanel:
    def test_runs_under_a_policy_that_allows_own_files_only(self, browser: Client) -> None:
        page = page_of(browser, make_parcel(weight_kg=30, address=""))

        assert page.inline == []

    @pytest.mark.parametrize("site", SITES)
    def test_shows_the_state_since_when_the_drawing_and_what_happened(
        self, browser: Client, site: str
    ) -> None:
        parcel = make_parcel()
        page = page_of(browser, parcel, site=site)

        assert "State: Packed for" in page.words
        assert page.times[0]["title"].startswith("Since ")
        assert page.times[0]["datetime"] == parcel.state_since.isoformat()
        assert "Now Packed. Begins as Packed." in page.words
        assert "What happened Created just now · system: test via command" in page.words

    def test_is_not_shown_while_something_is_added(self, browser: Client) -> None:
        page = read(browser.get(reverse("admin:toyapp_parcel_add", current_app="stock")))

        assert "What happened" not in page.words

    def test_shows_all_events_when_asked(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        for stop in range(50):
            parcel.track(by=CARRIER, stop=f"stop {stop}")

        some, all_ = page_of(browser, parcel), page_of(browser, parcel, query="?events=all")

        assert ("Show all 52 events" in some.words, "Created" in some.words) == (True, False)
        assert ("Show all 52 events" in all_.words, "Created" in all_.words) == (False, True)

    def test_costs_one_statement_beside_the_guards(
        self, clerk: Any, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        parcel = make_parcel()
        assert clerk.has_perm("toyapp.send_parcel")  # read once per request

        with django_assert_num_queries(1):
            panel_of(parcel, clerk)

    def test_shows_the_way_that_was_gone_and_what_is_possible(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=SystemActor("carrier"))
        response = browser.get(
            reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app="stock")
        ).content.decode()

        assert 'wf-taken" data-transition="send"' in response
        assert 'wf-available" data-transition="give_back"' in response
        assert 'wf-forbidden" data-transition="deliver"' in response
