"""A link opens one page, to one user, for a while; an unsubscribe link ends one kind of e-mail."""

from __future__ import annotations

import datetime
import re

import pytest

from backend.notifications.kinds import NotificationType
from backend.notifications.links import (
    page_address,
    read_unsubscribe_token,
    signed_address,
    unsubscribe_address,
    user_of_key,
)
from workflows import clock

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
PAGE = "/provider/offers/17/"


def key_of(address: str) -> str:
    return address.partition("key=")[2]


@pytest.fixture(autouse=True)
def _frontend(settings) -> None:
    settings.FRONTEND_URL = "https://pages.example/"


class TestSignedAddress:
    def test_lies_below_the_frontend_and_needs_no_quoting(self) -> None:
        address = signed_address(PAGE, user_id=7)
        assert re.fullmatch(r"https://pages\.example/provider/offers/17/\?key=7\.\w+\.[\w-]{43}", address)

    def test_lets_its_user_in_for_thirty_days_and_not_longer(self) -> None:
        with clock.at(NOON):
            key = key_of(signed_address(PAGE, user_id=123456))
        with clock.at(NOON + datetime.timedelta(days=30)):
            assert user_of_key(key, path=PAGE) == 123456
        with clock.at(NOON + datetime.timedelta(days=30, seconds=1)):
            assert user_of_key(key, path=PAGE) is None

    def test_opens_no_other_page(self) -> None:
        key = key_of(signed_address(PAGE, user_id=7))
        assert user_of_key(key, path="/provider/offers/18/") is None
        assert user_of_key(key, path="/provider/offers/1") is None

    def test_keeps_the_query_of_a_path(self) -> None:
        address = signed_address("/inbox/?page=2", user_id=7)
        assert address.startswith("https://pages.example/inbox/?page=2&key=7.")
        assert user_of_key(key_of(address), path="/inbox/") == 7

    @pytest.mark.parametrize("forged", ["", "x", "7.1.x", "7", "é.\x00", "7.1tX.a.b"])
    def test_lets_nobody_in_with_a_forged_key(self, forged: str) -> None:
        assert user_of_key(forged, path=PAGE) is None

    def test_lets_nobody_in_as_another_user(self) -> None:
        _user, rest = key_of(signed_address(PAGE, user_id=7)).split(".", 1)
        assert user_of_key(f"8.{rest}", path=PAGE) is None

    def test_is_not_an_unsubscribe_token(self) -> None:
        token = unsubscribe_address(7, NotificationType.REMINDER).rstrip("/").rpartition("/")[2]
        assert user_of_key(token, path="/unsubscribe/") is None


class TestPageAddress:
    def test_has_one_slash_between(self) -> None:
        assert page_address("/a/") == "https://pages.example/a/"


class TestUnsubscribeAddress:
    @pytest.mark.parametrize("type_", NotificationType)
    def test_says_for_ever_whom_and_what_it_is_about(self, type_: NotificationType) -> None:
        with clock.at(NOON):
            address = unsubscribe_address(42, type_)
        token = re.fullmatch(r"https://pages\.example/unsubscribe/([\w.-]+)/", address)[1]
        with clock.at(NOON + datetime.timedelta(days=4000)):
            assert read_unsubscribe_token(token) == (42, type_)

    def test_refuses_a_changed_token(self) -> None:
        token = unsubscribe_address(42, NotificationType.REMINDER).rstrip("/").rpartition("/")[2]
        assert read_unsubscribe_token(token.replace("reminder", "system")) is None
        assert read_unsubscribe_token("x") is None
