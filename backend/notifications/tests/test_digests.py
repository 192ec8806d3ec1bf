"""A digest is one message a day, of everything that still makes sense."""

from __future__ import annotations

import datetime

import pytest

from backend.jobs.testing import run_due_jobs
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Digest,
    Notification,
)
from backend.notifications.services import (
    save_preferences,
)
from backend.notifications.services.sending import send_digest
from backend.notifications.services.sweeping import (
    enqueue_digests,
    recover_abandoned_attempts,
)
from backend.notifications.tests.factories import make_provider
from backend.notifications.tests.postbox import HOUR, MINUTE, NOON, plan, plan_email
from backend.users.models import User
from workflows import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "postbox")]

EMAIL = DeliveryChannel.EMAIL


class TestDigest:
    @pytest.fixture
    def user(self) -> User:
        user = make_provider(company="Pipes & Sons")
        save_preferences(user, digest=Digest.DAILY, digest_at=datetime.time(18))
        return user

    def test_is_one_message_for_everything(self, user: User, postbox) -> None:
        for number in range(3):
            plan(user, subject=f"Offer {number}")
        assert enqueue_digests() == 0
        with clock.at(NOON + 6 * HOUR):
            assert (enqueue_digests(), enqueue_digests()) == (1, 0)
            run_due_jobs()
            send_digest(user.pk)
        (sent,) = postbox.sent
        assert [item.subject for item in sent.items] == ["Offer 0", "Offer 1", "Offer 2"]
        assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}
        assert DeliveryAttempt.objects.filter(delivery__channel="email", outcome="delivered").count() == 3

    def test_leaves_out_what_makes_no_sense_any_more(self, user: User, postbox) -> None:
        gone, there = plan_email(user, subject="Gone"), plan_email(user, subject="There")
        Notification.objects.filter(subject="Gone").update(expires_at=NOON + HOUR)
        with clock.at(NOON + 6 * HOUR):
            send_digest(user.pk)
        assert [item.subject for item in postbox.sent[0].items] == ["There"]
        gone.refresh_from_db()
        there.refresh_from_db()
        assert (gone.status, there.status) == ("skipped", "delivered")

    def test_that_fails_is_tried_again_whole(self, user: User, postbox) -> None:
        for _number in range(2):
            plan_email(user)
        postbox.failure = DeliveryFailed("No answer")
        with clock.at(NOON + 6 * HOUR):
            enqueue_digests()
            run_due_jobs()
        due = set(Delivery.objects.filter(status="waiting").values_list("due_at", "attempts"))
        assert len(due) == 1
        ((due_at, attempts),) = due
        assert attempts == 1
        postbox.failure = None
        with clock.at(due_at):
            assert enqueue_digests() == 0  # its retry is enqueued
            run_due_jobs()
        assert [len(sent.items) for sent in postbox.sent] == [2]

    def test_whose_worker_died_is_tried_again_whole_with_the_same_key(self, user: User, postbox) -> None:
        first, *_others = [plan_email(user) for _number in range(3)]
        postbox.failure = SystemExit()
        with clock.at(NOON + 6 * HOUR), pytest.raises(SystemExit):
            send_digest(user.pk)
        postbox.failure = None
        with clock.at(NOON + 6 * HOUR + 2 * MINUTE):
            assert recover_abandoned_attempts() == 3
        (due_at,) = set(Delivery.objects.filter(is_digest=True).values_list("due_at", flat=True))
        with clock.at(due_at):
            assert enqueue_digests() == 1
            run_due_jobs()
        assert [(sent.key, len(sent.items)) for sent in postbox.sent] == [(str(first.key), 3)]

    def test_at_its_last_attempt_takes_nothing_along_that_came_later(self, user: User, postbox) -> None:
        old, new = plan_email(user), plan_email(user)
        Delivery.objects.filter(pk=old.pk).update(attempts=7)
        postbox.failure = DeliveryFailed("No answer")
        with clock.at(NOON + 6 * HOUR):
            send_digest(user.pk)
        statuses = [Delivery.objects.get(pk=each.pk).status for each in (old, new)]
        assert statuses == ["dead", "waiting"]

    def test_counts_as_one_message_in_flight(self, user: User, postbox, settings) -> None:
        for _number in range(10):
            plan_email(user)
        with clock.at(NOON + 6 * HOUR):
            send_digest(user.pk)
        assert len(postbox.sent[0].items) == 10
