"""Settings: channels, quiet hours, digest, phone, webhook, pausing, password."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from backend.leads.tests.factories import make_provider, make_staff
from backend.matching.tests.factories import make_user
from backend.notifications.models import ChannelChoice, Preferences, WebhookEndpoint
from backend.notifications.selectors import channel_table
from backend.notifications.tests.faulty_receiver import faulty_receiver
from backend.portal.tests.factories import PASSWORD, client_of, give_password, sentences_of
from backend.users.models import ProviderProfile, User
from backend.users.tests.factories import chief

pytestmark = pytest.mark.django_db

PAGE = "/settings/notifications/"


def filled_in(user: User, **changed: Any) -> dict[str, Any]:
    """Return what the page posts when nothing but this is changed; a type's boxes are its checked channels."""
    boxes = {row.type: [cell.channel for cell in row.cells if cell.is_on] for row in channel_table(user)}
    times = {"quiet_from": "", "quiet_until": "", "digest": "instant", "digest_at": "08:00", "phone": ""}
    return {"part": "preferences", **boxes, **times, **changed}


def post(user: User, data: dict[str, Any]) -> Any:
    return client_of(user).post(PAGE, data, follow=True)


def status_of(provider: ProviderProfile) -> str:
    return ProviderProfile.objects.get(pk=provider.pk).status


class TestPreferences:
    def test_are_saved_whole(self) -> None:
        user = make_provider().user
        changed = filled_in(
            user,
            lead_verified=["webhook"],
            quiet_from="22:00",
            quiet_until="07:00",
            digest="daily",
            digest_at="17:30",
            phone="+49 (170) 123-4567",
        )
        assert sentences_of(post(user, changed)) == ["Saved."]
        assert list(ChannelChoice.objects.values_list("type", "channel", "is_on")) == [
            ("lead_verified", "email", False)
        ]
        saved = Preferences.objects.get()
        assert (saved.quiet_from, saved.quiet_until) == (datetime.time(22), datetime.time(7))
        assert (saved.digest, saved.digest_at) == ("daily", datetime.time(17, 30))
        assert saved.phone == "+491701234567"

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end that differ, or neither."),
            ({"phone": "call me"}, "“call me” is no telephone number"),
            ({"digest": "hourly"}, "Select a valid choice."),
            ({"digest_at": ""}, "This field is required."),
        ],
    )
    def test_that_cannot_be_are_refused_whole(self, changed: dict[str, str], words: str) -> None:
        user = make_provider().user
        response = post(user, filled_in(user, lead_verified=[], **changed))
        assert response.status_code == 422
        assert words in response.content.decode()
        assert "Nothing was saved." in response.content.decode()
        assert not Preferences.objects.exists()
        assert not ChannelChoice.objects.exists()

    def test_never_switch_off_the_inbox(self) -> None:
        user = make_provider().user
        post(user, filled_in(user, lead_assigned=[]))
        row = next(row for row in channel_table(user) if row.type == "lead_assigned")
        assert [cell.is_on for cell in row.cells] == [True, False, False, False]

    def test_of_staff_are_about_what_staff_get(self) -> None:
        page = client_of(make_staff()).get(PAGE).content.decode()
        assert 'aria-label="For staff: E-mail"' in page
        assert "Lead to claim" not in page
        assert "New offers" not in page


class TestWebhook:
    def test_shows_its_secret_when_it_is_new_and_when_asked_for(self) -> None:
        user = make_user()
        address = {"part": "webhook", "url": "https://example.com/hook"}
        new = post(user, address).content.decode()
        secret = WebhookEndpoint.objects.get().secret
        assert secret in new
        assert secret not in post(user, address).content.decode()
        assert secret not in client_of(user).get(PAGE).content.decode()
        assert secret in post(user, {"part": "secret"}).content.decode()
        assert WebhookEndpoint.objects.get().secret == secret

    def test_is_switched_off_by_an_empty_address(self) -> None:
        user = make_user()
        post(user, {"part": "webhook", "url": "https://example.com/hook"})
        post(user, {"part": "webhook", "url": ""})
        assert not WebhookEndpoint.objects.get().is_active
        assert "Show the secret" not in client_of(user).get(PAGE).content.decode()

    def test_is_tried_out_with_a_signed_call(self) -> None:
        user = make_user()
        with faulty_receiver() as receiver:
            post(user, {"part": "webhook", "url": f"{receiver.address}/ok"})
            assert sentences_of(post(user, {"part": "try"})) == ["Your system took the test call."]
        [call] = receiver.received
        told = Webhook(WebhookEndpoint.objects.get().secret).verify(call.body, call.headers)
        assert (told["type"], told["data"]["event"]) == ("system_update", f"test:{call.key}")

    def test_that_fails_a_test_says_why(self) -> None:
        user = make_user()
        with faulty_receiver() as receiver:
            post(user, {"part": "webhook", "url": f"{receiver.address}/broken"})
            [sentence] = sentences_of(post(user, {"part": "try"}))
        assert sentence.startswith("The test call failed. Answered 500")

    def test_that_is_not_there_is_not_tried(self) -> None:
        assert sentences_of(post(make_user(), {"part": "try"})) == []

    def test_that_may_not_be_called_is_refused(self) -> None:
        response = post(make_user(), {"part": "webhook", "url": "http://example.com/hook"})
        assert response.status_code == 422
        assert "Use an address that starts with https://." in response.content.decode()
        assert not WebhookEndpoint.objects.exists()


class TestPausing:
    def test_and_resuming_are_transitions_of_the_profile(self) -> None:
        provider = make_provider()
        seen = {"expect": "active", "expect_version": "2"}
        assert sentences_of(post(provider.user, {"part": "pause", **seen})) == [
            "You have paused: no new offers come."
        ]
        assert status_of(provider) == "paused"
        post(provider.user, {"part": "resume", "expect": "paused", "expect_version": "3"})
        assert status_of(provider) == "active"

    def test_on_a_stale_page_is_told_what_it_is_now(self) -> None:
        provider = make_provider()
        provider.suspend(by=chief(), reason="Complaints.")
        response = post(provider.user, {"part": "pause", "expect": "active", "expect_version": "2"})
        assert sentences_of(response) == ["Now Suspended; was Active when you opened the page."]
        assert status_of(provider) == "suspended"
        assert 'value="pause"' not in response.content.decode()

    def test_is_for_providers(self) -> None:
        assert post(make_user(), {"part": "pause"}).status_code == 403


class TestParts:
    @pytest.mark.parametrize("part", ["", "retire"])
    def test_that_there_are_not_are_refused(self, part: str) -> None:
        provider = make_provider()
        assert post(provider.user, {"part": part}).status_code == 400
        assert status_of(provider) == "active"


class TestPassword:
    def test_is_changed_with_the_old_one(self) -> None:
        user = give_password(make_provider())
        new = "quite another phrase 7"
        fields = {"new_password1": new, "new_password2": new}
        client = client_of(user)
        assert client.post("/password/", {"old_password": "wrong", **fields}).status_code == 200
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)
        response = client.post("/password/", {"old_password": PASSWORD, **fields}, follow=True)
        assert sentences_of(response) == ["Your password is changed."]
        assert User.objects.get(pk=user.pk).check_password(new)
