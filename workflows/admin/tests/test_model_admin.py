"""What the mixin makes of Django's own pages: adding, editing, listing; no deleting."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workflows import TransitionRecord
from workflows.admin.tests.pages import read
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db

SITES = ["stock", "unfold"]
FORM = {"sender": "Ann", "address": "2 Low Street", "weight_kg": "3", "stops": "[]"}


def address(page: str, *args: Any, site: str = "stock", model: str = "parcel") -> str:
    return reverse(f"admin:toyapp_{model}_{page}", args=args, current_app=site)


class TestSaving:
    @pytest.mark.parametrize("site", SITES)
    def test_records_who_added(self, browser: Client, clerk: Any, site: str) -> None:
        response = browser.post(address("add", site=site), FORM)

        assert response.status_code == 302
        parcel = Parcel.objects.get()
        record = TransitionRecord.objects.get(machine="toyapp.parcel", object_id=parcel.pk)
        assert (record.sequence, record.actor, record.channel) == (1, f"user:{clerk.pk}", "admin")

    @pytest.mark.parametrize("site", SITES)
    def test_writes_what_was_edited_and_never_the_state(self, browser: Client, site: str) -> None:
        parcel = make_parcel()
        forged = {**FORM, "status": "delivered", "version": "9", "expect": "packed"}

        response = browser.post(address("change", parcel.pk, site=site), forged)

        assert response.status_code == 302
        parcel.refresh_from_db()
        assert (parcel.address, parcel.status, parcel.version) == ("2 Low Street", "packed", 1)

    def test_holds_the_row_from_reading_to_writing(self, browser: Client) -> None:
        parcel = make_parcel()

        with CaptureQueriesContext(connection) as queries:
            browser.post(address("change", parcel.pk), FORM)

        statements = [query["sql"] for query in queries if '"toyapp_parcel"' in query["sql"]]
        locked = next(
            n for n, sql in enumerate(statements) if sql.endswith('FOR NO KEY UPDATE OF "toyapp_parcel"')
        )
        assert statements[locked + 1].startswith("SELECT")  # what is edited is read under the lock
        assert statements[locked + 2].startswith("UPDATE")

    def test_shows_the_panel_beside_the_errors_of_the_form(self, browser: Client) -> None:
        response = browser.post(address("change", make_parcel().pk), {**FORM, "sender": ""})

        assert response.status_code == 200
        assert "What happened" in read(response).words


class TestReadOnly:
    def test_shows_what_the_engine_governs_where_it_is_asked_for(self, browser: Client) -> None:
        parcel = make_parcel()
        user = make_user("packer", "view_item", "change_item", is_staff=True)
        browser.force_login(user)

        page = read(browser.get(address("change", make_item(parcel).pk, model="item")))

        assert "status" not in page.form("item_form").fields
        assert "Status Inside" in page.words

    def test_leaves_it_to_the_panel_otherwise(self, browser: Client) -> None:
        words = read(browser.get(address("change", make_parcel().pk))).words

        assert "In this state since" not in words
        assert "Version" not in words


class TestDeleting:
    @pytest.mark.parametrize("site", SITES)
    def test_is_off_even_for_a_superuser(self, client: Client, site: str) -> None:
        client.force_login(make_user("root", is_staff=True, is_superuser=True))
        parcel = make_parcel()

        assert client.post(address("delete", parcel.pk, site=site), {"post": "yes"}).status_code == 403
        assert "Delete" not in read(client.get(address("change", parcel.pk, site=site))).buttons
        assert Parcel.objects.filter(pk=parcel.pk).exists()


class TestList:
    @pytest.mark.parametrize("site", SITES)
    def test_shows_the_state_and_how_long_it_lasts(self, browser: Client, site: str) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        response = browser.get(address("changelist", site=site))

        assert '<span class="wf-badge wf-tone-neutral">Sent</span>' in response.content.decode()
        assert "workflows/admin.css" in response.content.decode()
        assert parcel.state_since.isoformat() in {time["datetime"] for time in read(response).times}

    def test_runs_under_a_policy_that_allows_own_files_only(self, browser: Client) -> None:
        make_parcel()

        assert read(browser.get(address("changelist"))).inline == []
