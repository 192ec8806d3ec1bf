"""What died is told to those who may retry it, once; and can be retried."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission

from backend.jobs.testing import run_due_jobs
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import (
    Delivery,
    DeliveryChannel,
    Notification,
    NotificationType,
)
from backend.notifications.services import (
    set_channel_choice,
)
from backend.notifications.services.dead_letters import (
    retry_deliveries,
    tell_staff_of_dead_deliveries,
)
from backend.notifications.services.sending import deliver
from backend.notifications.tests.factories import make_user
from backend.notifications.tests.postbox import (
    MINUTE,
    NOON,
    Postbox,
    plan_email,
    try_until_dead,
)
from backend.users.models import User
from workflows import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "postbox")]

EMAIL = DeliveryChannel.EMAIL


class TestDeadLetters:
    def make_staff(self) -> User:
        group = Group.objects.create(name="retry")
        group.permissions.add(Permission.objects.get(codename="retry_delivery"))
        staff = make_user(is_staff=True)
        staff.groups.add(group)
        return staff

    def kill(self, count: int = 1, **fields: Any) -> list[Delivery]:
        Postbox.failure = DeliveryFailed("No such user", is_permanent=True, is_of_receiver=False)
        deliveries = [plan_email(**fields) for _number in range(count)]
        for delivery in deliveries:
            deliver(delivery.pk)
        Postbox.failure = None
        return deliveries

    def test_are_told_to_those_who_may_retry_once_for_all(self) -> None:
        staff = self.make_staff()
        self.kill(3)
        assert tell_staff_of_dead_deliveries() == 3
        assert tell_staff_of_dead_deliveries() == 0
        note = Notification.objects.get(recipient=staff)
        assert (note.type, note.subject) == ("system", "3 deliveries died")
        assert note.path == "/admin/notifications/delivery/?status__exact=dead"
        with clock.at(NOON + MINUTE):
            self.kill(1)
            assert tell_staff_of_dead_deliveries() == 1
        assert set(Notification.objects.filter(recipient=staff).values_list("subject", flat=True)) == {
            "3 deliveries died",
            "1 delivery died",
        }

    def test_of_such_news_are_told_to_nobody(self) -> None:
        staff = self.make_staff()
        set_channel_choice(staff, NotificationType.SYSTEM, EMAIL, is_on=True)
        self.kill(1)
        tell_staff_of_dead_deliveries()
        Postbox.failure = DeliveryFailed("No such user", is_permanent=True, is_of_receiver=False)
        run_due_jobs()
        assert Delivery.objects.filter(status="dead", notification__recipient=staff).count() == 1
        assert tell_staff_of_dead_deliveries() == 0
        assert Notification.objects.filter(recipient=staff).count() == 1

    def test_are_retried_with_new_attempts(self, postbox) -> None:
        (email,) = self.kill(1)
        assert retry_deliveries([email.pk]) == 1
        assert retry_deliveries([email.pk]) == 0
        email.refresh_from_db()
        assert (email.status, email.attempts, email.attempts_max, email.told_at) == ("waiting", 1, 9, None)
        run_due_jobs()
        email.refresh_from_db()
        assert (email.status, email.attempts) == ("delivered", 2)
        assert list(email.attempt_rows.values_list("outcome", flat=True)) == ["failed", "delivered"]

    def test_that_are_retried_in_vain_die_again_after_as_many_attempts(self, postbox) -> None:
        (email,) = self.kill(1)
        retry_deliveries([email.pk])
        postbox.failure = DeliveryFailed("Answered 500")
        assert len(try_until_dead(email)) == 8
        email.refresh_from_db()
        assert (email.status, email.attempts) == ("dead", 9)
