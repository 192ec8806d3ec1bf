"""The page of a transition: what it asks, what it runs, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from workflows import TransitionRecord
from workflows.admin.tests.pages import read
from workflows.admin.tests.sites import stock
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db

SEEN = {"expect": "packed", "expect_version": "1"}


def address_of(parcel: Parcel, name: str) -> str:
    return reverse("admin:toyapp_parcel_transition", args=[parcel.pk, name], current_app="stock")


def change_page_of(parcel: Parcel) -> str:
    return reverse("admin:toyapp_parcel_change", args=[parcel.pk], current_app="stock")


def stored(parcel: Parcel) -> Parcel:
    return Parcel.objects.get(pk=parcel.pk)


def messages_of(response: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def events_of(parcel: Parcel) -> int:
    return TransitionRecord.objects.filter(machine="toyapp.parcel", object_id=parcel.pk).count()


class TestPost:
    def test_runs_the_transition_as_the_user_over_the_admin(self, browser: Client, clerk: Any) -> None:
        parcel = make_parcel()

        response = browser.post(address_of(parcel, "send"), SEEN)

        assert (response.status_code, response["Location"]) == (302, change_page_of(parcel))
        assert messages_of(response) == [("success", "Send: Packed → Sent.")]
        assert (stored(parcel).status, stored(parcel).version) == ("sent", 2)
        record = TransitionRecord.objects.select_related("log").get(
            machine="toyapp.parcel", object_id=parcel.pk, sequence=2
        )
        assert (record.actor, record.channel) == (f"user:{clerk.pk}", "admin")
        assert record.request_id

    def test_is_noted_in_djangos_history_too(self, browser: Client, clerk: Any) -> None:
        parcel = make_parcel()

        browser.post(address_of(parcel, "send"), SEEN)

        entry = LogEntry.objects.get()
        assert (entry.user_id, entry.object_id) == (clerk.pk, str(parcel.pk))
        assert entry.get_change_message() == "Send: Packed → Sent"

    def test_is_harmless_the_second_time(self, browser: Client) -> None:
        parcel = make_parcel()
        browser.post(address_of(parcel, "send"), SEEN)
        get_first = browser.get(change_page_of(parcel))
        assert get_first.status_code == 200

        response = browser.post(address_of(parcel, "send"), SEEN)

        assert messages_of(response) == [("error", "Now Sent; was Packed when you opened the page.")]
        assert (stored(parcel).version, events_of(parcel), LogEntry.objects.count()) == (2, 2, 1)

    def test_is_refused_when_something_happened_in_the_same_state(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        parcel.track(by=CARRIER, stop="Berlin")
        form = {"expect": "sent", "expect_version": "2", "reason": "moved"}

        response = browser.post(address_of(parcel, "give_back"), form)

        assert messages_of(response) == [
            ("error", "Something happened to it since you opened the page; it is Sent.")
        ]
        assert stored(parcel).status == "sent"

    def test_lists_all_reasons_when_blocked(self, browser: Client) -> None:
        parcel = make_parcel(address="", weight_kg=30)

        response = browser.post(address_of(parcel, "send"), {**SEEN, "as_freight": "on"})

        assert response.status_code == 409
        assert "Write the address on the parcel first." in read(response).words
        assert (stored(parcel).status, events_of(parcel)) == ("packed", 1)

    def test_says_why_it_is_blocked_when_nothing_was_asked(self, browser: Client) -> None:
        parcel = make_parcel(address="")

        response = browser.post(address_of(parcel, "send"), SEEN)

        assert messages_of(response) == [("error", "Send is blocked. Write the address on the parcel first.")]
        assert stored(parcel).status == "packed"

    def test_lifts_a_check_with_a_consent(self, browser: Client) -> None:
        parcel = make_parcel(weight_kg=30)

        response = browser.post(address_of(parcel, "send"), {**SEEN, "as_freight": "on"})

        assert messages_of(response) == [("success", "Send: Packed → Sent.")]
        record = TransitionRecord.objects.get(machine="toyapp.parcel", object_id=parcel.pk, sequence=2)
        assert record.arguments == {"as_freight": True}

    def test_insists_on_the_consent(self, browser: Client) -> None:
        parcel = make_parcel(weight_kg=30)

        response = browser.post(address_of(parcel, "send"), SEEN)

        assert response.status_code == 422
        assert stored(parcel).status == "packed"

    def test_passes_the_arguments_as_their_types(self, browser: Client) -> None:
        parcel = make_parcel()

        browser.post(address_of(parcel, "give_back"), {**SEEN, "reason": "moved", "note": "New tenant"})

        assert stored(parcel).status == "returned"
        record = TransitionRecord.objects.get(machine="toyapp.parcel", object_id=parcel.pk, sequence=2)
        assert (record.reason, record.arguments) == ("moved", {"reason": "moved", "note": "New tenant"})

    def test_asks_again_when_an_argument_is_missing(self, browser: Client) -> None:
        parcel = make_parcel()

        response = browser.post(address_of(parcel, "give_back"), {**SEEN, "note": "Nobody there"})

        page = read(response)
        assert response.status_code == 422
        assert "This field is required." in page.words
        assert "Nobody there" in page.words
        assert (stored(parcel).status, events_of(parcel)) == ("packed", 1)

    def test_puts_the_reason_beside_the_argument_that_a_guard_judged(self, client: Client) -> None:
        client.force_login(make_user("Ann", "view_parcel", is_staff=True))
        parcel = make_parcel(sender="Ann")
        parcel.send(by=CARRIER)
        form = {"expect": "sent", "expect_version": "2", "receiver": "Ann"}

        response = client.post(address_of(parcel, "deliver"), form)

        page = read(response)
        assert response.status_code == 409
        assert "The sender cannot sign for it." in page.words
        assert page.form("/deliver/").fields["receiver"] == "Ann"
        assert stored(parcel).status == "sent"

    def test_runs_for_an_owner_who_may_only_view(self, client: Client) -> None:
        client.force_login(make_user("Ann", "view_parcel", is_staff=True))
        parcel = make_parcel(sender="Ann")
        parcel.send(by=CARRIER)

        client.post(address_of(parcel, "deliver"), {"expect": "sent", "receiver": "Bob"})

        assert stored(parcel).status == "delivered"

    def test_says_when_it_is_not_possible_from_the_state(self, browser: Client) -> None:
        parcel = make_parcel()

        response = browser.post(address_of(parcel, "pack_again"))

        assert messages_of(response) == [
            ("error", f"“Pack again” is not possible: Parcel {parcel.pk} is Packed.")
        ]
        assert events_of(parcel) == 1

    def test_leaves_nothing_half_done_when_the_body_fails(self, client: Client) -> None:
        client.force_login(make_user("Ann", "view_parcel", is_staff=True))
        parcel = make_parcel(sender="Ann")
        item, _bomb = make_item(parcel, "book"), make_item(parcel, "bomb")
        parcel.send(by=CARRIER)

        with pytest.raises(RuntimeError, match="boom"):
            client.post(address_of(parcel, "deliver"), {"receiver": "Bob"})

        item.refresh_from_db()
        assert (stored(parcel).status, events_of(parcel), item.status) == ("sent", 2, "inside")
        assert not LogEntry.objects.exists()

    def test_cannot_be_forged_without_the_permission(self, client: Client) -> None:
        client.force_login(make_user("viewer", "view_parcel", "change_parcel", is_staff=True))
        parcel = make_parcel()

        for name in ("send", "give_back"):
            response = client.post(address_of(parcel, name), {**SEEN, "reason": "moved"})
            assert response.status_code == 403
        assert (stored(parcel).status, events_of(parcel)) == ("packed", 1)

    def test_cannot_be_forged_for_the_system(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        response = browser.post(address_of(parcel, "lose"), {"expect": "sent"})

        assert response.status_code == 403
        assert "This is for the system (timer)." in read(response).words
        assert stored(parcel).status == "sent"

    def test_needs_the_right_to_view(self, client: Client) -> None:
        client.force_login(make_user("stranger", "send_parcel", is_staff=True))
        parcel = make_parcel()

        assert client.post(address_of(parcel, "send"), SEEN).status_code == 403
        assert client.get(address_of(parcel, "send")).status_code == 403
        assert stored(parcel).status == "packed"

    def test_needs_a_login_to_the_admin(self, client: Client) -> None:
        client.force_login(make_user("client", "view_parcel", "send_parcel"))
        parcel = make_parcel()

        response = client.post(address_of(parcel, "send"), SEEN)

        assert response["Location"].startswith("/stock/login/")
        assert stored(parcel).status == "packed"

    def test_needs_the_token_of_the_form(self, clerk: Any) -> None:
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(clerk)
        parcel = make_parcel()

        assert careful.post(address_of(parcel, "send"), SEEN).status_code == 403
        assert stored(parcel).status == "packed"

    def test_refuses_a_version_that_is_no_number(self, browser: Client) -> None:
        parcel = make_parcel()

        assert browser.post(address_of(parcel, "send"), {"expect_version": "x"}).status_code == 400
        assert stored(parcel).status == "packed"

    def test_comes_back_to_the_same_list(self, browser: Client) -> None:
        parcel = make_parcel()
        kept = "?_changelist_filters=q%3DAnn"
        button = read(browser.get(change_page_of(parcel) + kept)).form("/send/")

        response = browser.post(button.action, SEEN)

        assert response["Location"] == f"{change_page_of(parcel)}{kept}%26_at%3D0"


class TestRace:
    """Something happens between what the page reads and the engine's lock."""

    def meanwhile(self, monkeypatch: pytest.MonkeyPatch, rival: Callable[[], object]) -> None:
        admin = stock.get_model_admin(Parcel)
        ask = admin.get_argument_form

        def get_argument_form(*args: Any, **kwargs: Any) -> Any:
            form = ask(*args, **kwargs)
            rival()
            return form

        monkeypatch.setattr(admin, "get_argument_form", get_argument_form)

    def test_is_told_what_it_is_now(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        parcel = make_parcel()
        self.meanwhile(monkeypatch, lambda: stored(parcel).send(by=CARRIER))

        response = browser.post(address_of(parcel, "send"), SEEN)

        assert messages_of(response) == [("error", "Now Sent; was Packed when you opened the page.")]
        assert (events_of(parcel), LogEntry.objects.count()) == (2, 0)

    def test_is_told_that_it_is_not_possible_any_more(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parcel = make_parcel()
        self.meanwhile(monkeypatch, lambda: stored(parcel).send(by=CARRIER))

        response = browser.post(address_of(parcel, "send"))

        assert messages_of(response) == [("error", f"“Send” is not possible: Parcel {parcel.pk} is Sent.")]
        assert events_of(parcel) == 2

    def test_is_refused_when_it_has_become_somebody_elses(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.force_login(make_user("Ann", "view_parcel", is_staff=True))
        parcel = make_parcel(sender="Ann")
        parcel.send(by=CARRIER)
        rows = Parcel.objects.filter(pk=parcel.pk)
        self.meanwhile(monkeypatch, lambda: rows.update(sender="Bob"))

        response = client.post(address_of(parcel, "deliver"), {"receiver": "Carl"})

        assert response.status_code == 403
        assert (stored(parcel).status, events_of(parcel)) == ("sent", 2)

    def test_finds_nothing_where_the_object_is_gone(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parcel = make_parcel()
        self.meanwhile(monkeypatch, lambda: Parcel.objects.filter(pk=parcel.pk).delete())

        assert browser.post(address_of(parcel, "send"), SEEN).status_code == 404


class TestGet:
    def test_changes_nothing(self, browser: Client) -> None:
        parcel = make_parcel()

        response = browser.get(address_of(parcel, "send"))

        assert response.status_code == 200
        assert (stored(parcel).status, events_of(parcel)) == ("packed", 1)

    def test_says_what_will_happen(self, browser: Client) -> None:
        parcel = make_parcel()

        words = read(browser.get(address_of(parcel, "send"))).words

        assert f"Send: Parcel {parcel.pk} Packed → Sent . This will: note the first stop." in words
        assert "It ends" not in words

    def test_asks_for_the_arguments_and_warns_of_an_end(self, browser: Client) -> None:
        page = read(browser.get(address_of(make_parcel(), "give_back")))
        form = page.form("/give_back/")

        assert "Packed → Returned . It ends the parcel." in page.words
        assert {"reason", "note", "expect", "expect_version", "csrfmiddlewaretoken"} == set(form.fields)
        assert "What the receiver said." in page.words
        assert (page.inline, page.nested) == ([], [])

    def test_asks_for_the_consent_beside_what_it_lifts(self, browser: Client) -> None:
        page = read(browser.get(address_of(make_parcel(weight_kg=30), "send")))

        assert "30 kg is more than 20 kg: send it as freight." in page.words
        assert page.form("/send/").fields.keys() >= {"as_freight"}

    def test_offers_no_button_for_what_is_blocked_or_forbidden(self, browser: Client) -> None:
        blocked = browser.get(address_of(make_parcel(address=""), "send"))
        sent = make_parcel()
        sent.send(by=CARRIER)
        forbidden = browser.get(address_of(sent, "deliver"))

        assert (blocked.status_code, forbidden.status_code) == (200, 403)
        assert "Send is blocked" in read(blocked).words
        assert "This is for the sender." in read(forbidden).words
        for response in (blocked, forbidden):
            assert not [form for form in read(response).forms if "/transition/" in form.action]

    def test_tells_a_stale_tab_what_it_is_now(self, browser: Client) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        response = browser.get(address_of(parcel, "give_back") + "?expect=packed&expect_version=1")

        assert response["Location"] == change_page_of(parcel)
        assert messages_of(response) == [("error", "Now Sent; was Packed when you opened the page.")]

    def test_leads_back_when_it_is_not_possible_any_more(self, browser: Client) -> None:
        parcel = make_parcel()

        response = browser.get(address_of(parcel, "pack_again"))

        assert response["Location"] == change_page_of(parcel)

    def test_knows_no_other_transitions_and_objects(self, browser: Client) -> None:
        parcel = make_parcel()

        assert browser.get(address_of(parcel, "explode")).status_code == 404
        assert browser.post(address_of(parcel, "delete")).status_code == 404
        assert browser.get("/stock/toyapp/parcel/999999/transition/send/").status_code == 404

    def test_takes_no_other_method(self, browser: Client) -> None:
        assert browser.delete(address_of(make_parcel(), "send")).status_code == 405

    @pytest.mark.parametrize("site", ["unfold"])
    def test_looks_the_same_under_unfold(self, browser: Client, site: str) -> None:
        address = address_of(make_parcel(), "give_back").replace("/stock/", f"/{site}/")

        page = read(browser.get(address))

        assert "Packed → Returned . It ends the parcel." in page.words
        assert page.nested == []
