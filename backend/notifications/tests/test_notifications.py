"""One notification per recipient and event, written with what happened."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction

from backend.jobs.testing import list_jobs
from backend.notifications.models import Notification, NotificationType
from backend.notifications.selectors import count_unread, list_inbox
from backend.notifications.services import mark_read, notify, tallying
from backend.notifications.tests.factories import make_user, message
from workflows import clock

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


class TestNotificationType:
    def test_are_nine(self) -> None:
        assert NotificationType.values == [
            "lead_assigned",
            "lead_verified",
            "quote_received",
            "quote_response",
            "credit_purchase",
            "deposit_verified",
            "reminder",
            "system",
            "system_update",
        ]

    def test_of_a_tenth_kind_is_refused_by_the_database(self) -> None:
        with pytest.raises(IntegrityError, match="notification_type_is_known"), transaction.atomic():
            Notification.objects.create(recipient=make_user(), type="new_lead", event="x", subject="x")


class TestNotify:
    def test_writes_many_and_enqueues_their_planning_in_two_statements(
        self, django_assert_num_queries
    ) -> None:
        users = [make_user() for _number in range(25)]
        with django_assert_num_queries(2):
            notify(message(user) for user in users)
        ids = list(Notification.objects.order_by("pk").values_list("pk", flat=True))
        assert len(ids) == 25
        assert list_jobs() == [{"notification_ids": ids}]

    def test_has_five_hundred_planned_by_a_job_at_most(self, monkeypatch) -> None:
        monkeypatch.setattr("backend.notifications.services.announcing.PLANNED_TOGETHER_MAX", 2)
        rows = notify(message(make_user()) for _number in range(5))
        assert [len(job["notification_ids"]) for job in list_jobs()] == [2, 2, 1]
        assert sorted(pk for job in list_jobs() for pk in job["notification_ids"]) == [row.pk for row in rows]

    def test_of_nobody_asks_the_database_nothing(self, django_assert_num_queries) -> None:
        with django_assert_num_queries(0):
            assert list(notify([])) == []

    def test_tells_nobody_twice_of_one_event(self) -> None:
        user = make_user()
        notify([message(user)])
        with pytest.raises(IntegrityError, match="event_is_told_once"), transaction.atomic():
            notify([message(user, type=NotificationType.LEAD_VERIFIED)])
        assert Notification.objects.get().type == "lead_assigned"

    def test_is_tallied_also_when_it_is_rolled_back(self) -> None:
        users = [make_user(), make_user()]
        with tallying() as outer, tallying() as inner, transaction.atomic():
            notify(message(user) for user in users)
            transaction.set_rollback(True)
        notify([message(users[0])])
        assert (outer.written, inner.written, Notification.objects.count()) == (2, 2, 1)

    def test_cuts_a_subject_that_is_too_long(self) -> None:
        notify([message(make_user(), subject="x" * 300)])
        assert len(Notification.objects.get().subject) == 200


class TestInbox:
    def test_shows_one_s_own_newest_first(self) -> None:
        ann, bob = make_user("ann"), make_user("bob")
        notify([message(ann, "a:1:1"), message(bob, "a:1:1")])
        notify([message(ann, "a:1:2", subject="Later")])
        assert [note.subject for note in list_inbox(ann)] == ["Later", "An offer"]

    def test_counts_what_was_not_opened(self) -> None:
        ann = make_user()
        notify([message(ann, "a:1:1"), message(ann, "a:1:2")])
        mark_read(list_inbox(ann)[0])
        assert count_unread(ann) == 1

    def test_keeps_when_a_notification_was_first_opened(self) -> None:
        notify([message(make_user())])
        note = Notification.objects.get()
        with clock.at(NOON):
            mark_read(note)
        mark_read(note)
        assert Notification.objects.get().read_at == NOON
