"""Notifications: read when they are opened, all at once, page by page."""

from __future__ import annotations

import datetime

import pytest

from backend.leads.tests.admin_pages import count_statements
from backend.matching.tests.factories import make_user
from backend.notifications.models import Notification
from backend.portal.tests.factories import client_of, make_offer, offer_page, sentences_of
from backend.users.models import User
from workflows import clock

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def make_notes(user: User, count: int, *, path: str = "/") -> None:
    Notification.objects.bulk_create(
        Notification(
            recipient=user,
            type="system_update",
            event=f"test:{number}",
            subject=f"Note {number}",
            path=path,
            created_at=NOON + datetime.timedelta(minutes=number),
        )
        for number in range(count)
    )


class TestInbox:
    def test_says_that_nothing_is_there_yet(self) -> None:
        page = client_of(make_user()).get("/notifications/").content.decode()
        assert "Nothing yet. Whatever happens to your offers is told here" in page
        assert "Mark all as read" not in page

    def test_shows_twenty_on_a_page_newest_first(self) -> None:
        user = make_user()
        make_notes(user, 21)
        client = client_of(user)
        first, second = (client.get("/notifications/", {"page": number}) for number in (1, 2))
        assert [note.subject for note in first.context["notes"]][:2] == ["Note 20", "Note 19"]
        assert [note.subject for note in second.context["notes"]] == ["Note 0"]

    def test_shows_nobody_elses(self) -> None:
        make_notes(make_user(), 1)
        assert "Note 0" not in client_of(make_user()).get("/notifications/").content.decode()

    def test_takes_as_many_statements_for_one_as_for_twenty(self) -> None:
        few, many = make_user(), make_user()
        make_notes(few, 1)
        make_notes(many, 20)
        assert count_statements(client_of(few), "/notifications/") == 7
        assert count_statements(client_of(many), "/notifications/") == 7


class TestOpening:
    def test_marks_it_as_read_once_and_leads_to_its_page(self) -> None:
        offer = make_offer()
        note = Notification.objects.get(recipient=offer.provider.user)
        client = client_of(offer.provider.user)
        assert "Unread:" in client.get("/notifications/").content.decode()
        with clock.at(NOON):
            response = client.get(f"/notifications/{note.pk}/")
        client.get(f"/notifications/{note.pk}/")
        note.refresh_from_db()
        assert (response.headers["Location"], note.read_at) == (offer_page(offer.lead), NOON)
        assert "Unread:" not in client.get("/notifications/").content.decode()

    def test_never_leads_to_another_site(self) -> None:
        user = make_user()
        make_notes(user, 1, path="//evil.example/")
        note = Notification.objects.get()
        response = client_of(user).get(f"/notifications/{note.pk}/")
        assert response.headers["Location"] == "/notifications/"


class TestMarkingAllRead:
    def test_reads_ones_own_and_no_others(self) -> None:
        user, other = make_user(), make_user()
        make_notes(user, 3)
        make_notes(other, 1)
        client = client_of(user)
        assert 'class="count">3<' in client.get("/notifications/").content.decode()

        response = client.post("/notifications/read/", follow=True)

        assert sentences_of(response) == ["All is marked as read."]
        assert list(Notification.objects.filter(read_at=None).values_list("recipient", flat=True)) == [
            other.pk
        ]
