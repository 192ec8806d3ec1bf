"""Ending e-mails by their link: one click, no login, and back again."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client

from backend.leads.tests.factories import make_provider
from backend.notifications.links import unsubscribe_address
from backend.notifications.models import ChannelChoice, DeliveryChannel, NotificationType
from backend.notifications.selectors import find_recipients
from backend.users.models import User

pytestmark = pytest.mark.django_db

TYPE = NotificationType.LEAD_VERIFIED


def link_of(user: User) -> str:
    return urlsplit(unsubscribe_address(user.pk, TYPE)).path


def gets_mails(user: User) -> bool:
    return find_recipients([user.pk])[user.pk].is_on(TYPE, DeliveryChannel.EMAIL)


class TestLink:
    def test_asks_and_changes_nothing_when_it_is_opened(self) -> None:
        user = make_provider().user
        page = Client().get(link_of(user)).content.decode()
        assert "No more e-mails “Lead to claim”?" in page
        assert gets_mails(user)

    def test_ends_them_by_the_one_click_of_a_mail_program(self) -> None:
        user = make_provider().user
        program = Client(enforce_csrf_checks=True)
        for _time in range(2):
            response = program.post(link_of(user), {"List-Unsubscribe": "One-Click"})
            assert response.status_code == 200
            assert "E-mails “Lead to claim” are stopped" in response.content.decode()
        assert not gets_mails(user)
        assert ChannelChoice.objects.count() == 1
        assert "sessionid" not in program.cookies

    def test_takes_it_back(self) -> None:
        user = make_provider().user
        Client().post(link_of(user))
        response = Client().post(link_of(user), {"undo": "1"})
        assert "They come again." in response.content.decode()
        assert gets_mails(user)

    def test_that_was_cut_off_says_so_and_changes_nothing(self) -> None:
        user = make_provider().user
        response = Client().post(link_of(user)[:-3] + "/")
        assert response.status_code == 404
        assert gets_mails(user)

    def test_of_somebody_who_is_gone_is_no_link(self) -> None:
        user = User.objects.create(username="gone")
        link = link_of(user)
        user.delete()
        assert Client().post(link).status_code == 404
