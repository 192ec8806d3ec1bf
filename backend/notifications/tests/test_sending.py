"""A delivery is made when it still makes sense, tried again when it fails, and ends delivered, skipped or dead."""

from __future__ import annotations

import datetime
import itertools

import pytest
from django.db import transaction

from backend.jobs.testing import run_due_jobs
from backend.notifications import relevance
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import (
    Delivery,
    DeliveryChannel,
    Notification,
    NotificationType,
    Receiver,
    WebhookEndpoint,
)
from backend.notifications.services import (
    save_preferences,
    save_webhook_endpoint,
    set_channel_choice,
)
from backend.notifications.services.claiming import claim_delivery
from backend.notifications.services.sending import deliver
from backend.notifications.services.sweeping import (
    hand_out_due_deliveries,
    recover_abandoned_attempts,
)
from backend.notifications.tests.factories import make_user
from backend.notifications.tests.postbox import (
    HOUR,
    MINUTE,
    NOON,
    Postbox,
    plan_email,
    plan_webhook,
    try_until_dead,
)
from backend.users.models import User
from workflows import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "postbox")]

EMAIL = DeliveryChannel.EMAIL


class TestDeliver:
    def test_sends_once_however_often_it_runs(self, postbox) -> None:
        email = plan_email()
        for _twice in range(2):
            deliver(email.pk)
        (sent,) = postbox.sent
        assert (sent.key, sent.address) == (str(email.key), email.notification.recipient.email)
        email.refresh_from_db()
        assert (email.status, email.attempts, email.started_at, email.ended_at) == (
            "delivered",
            1,
            NOON,
            NOON,
        )
        attempt = email.attempt_rows.get()
        assert (attempt.number, attempt.outcome, attempt.ended_at) == (1, "delivered", NOON)

    def test_sends_nothing_before_it_is_due(self, postbox) -> None:
        email = plan_email()
        Delivery.objects.filter(pk=email.pk).update(due_at=NOON + MINUTE)
        deliver(email.pk)
        assert postbox.sent == []
        assert email.attempt_rows.count() == 0

    def test_runs_in_no_transaction(self, postbox) -> None:
        email = plan_email()
        with pytest.raises(RuntimeError), transaction.atomic():
            deliver(email.pk)
        assert postbox.sent == []

    def test_gives_staff_a_plain_link_and_others_a_signed_one(self, postbox) -> None:
        for user in (make_user(is_staff=True), make_user()):
            deliver(plan_email(user, type="reminder", path="/x/").pk)
        assert [("?key=" in sent.first.signed_page) for sent in postbox.sent] == [False, True]
        assert [("?key=" in sent.first.page) for sent in postbox.sent] == [False, False]


class TestSkipping:
    def check(self, delivery: Delivery, reason: str) -> None:
        deliver(delivery.pk)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.skipped_because, delivery.ended_at) == ("skipped", reason, NOON)
        assert Postbox.sent == []
        assert delivery.attempt_rows.count() == 0

    def test_of_what_makes_no_sense_any_more(self) -> None:
        def why_gone(notification: Notification) -> str:
            return "The offer was withdrawn." if notification.subject == "Gone" else ""

        relevance.register(NotificationType.LEAD_ASSIGNED, why_gone)
        relevance.register(NotificationType.LEAD_ASSIGNED, why_gone)
        try:
            self.check(plan_email(subject="Gone"), "The offer was withdrawn.")
            deliver(plan_email(subject="There").pk)
        finally:
            relevance.unregister(NotificationType.LEAD_ASSIGNED, why_gone)
        assert len(Postbox.sent) == 1

    def test_not_of_what_a_broken_check_is_asked_of(self, caplog) -> None:
        def fail(notification: Notification) -> str:
            raise LookupError(notification.subject)

        relevance.register(NotificationType.LEAD_ASSIGNED, fail)
        try:
            email = plan_email(subject="There")
            deliver(email.pk)
        finally:
            relevance.unregister(NotificationType.LEAD_ASSIGNED, fail)
        assert [sent.first.subject for sent in Postbox.sent] == ["There"]
        assert f"fail failed on notification {email.notification_id}: LookupError\n" in caplog.text
        assert "LookupError: There" not in caplog.text

    def test_of_what_has_expired(self) -> None:
        email = plan_email(expires_at=NOON + MINUTE)
        Notification.objects.update(expires_at=NOON)
        self.check(email, "It expired before it could be sent.")

    def test_of_what_was_switched_off_meanwhile(self) -> None:
        email = plan_email()
        set_channel_choice(email.notification.recipient, NotificationType.LEAD_ASSIGNED, EMAIL, is_on=False)
        self.check(email, "Switched off by the recipient.")

    def test_of_somebody_who_was_deactivated_meanwhile(self) -> None:
        email = plan_email()
        User.objects.update(is_active=False)
        self.check(email, "The login is deactivated.")

    def test_of_a_webhook_that_was_switched_off_or_replaced_meanwhile(self) -> None:
        webhook = plan_webhook()
        save_webhook_endpoint(webhook.notification.recipient, "")
        self.check(webhook, "The webhook was switched off.")
        webhook = plan_webhook()
        save_webhook_endpoint(webhook.notification.recipient, "https://hooks.example/other")
        self.check(webhook, "The webhook was replaced by another.")

    def test_not_of_a_retry_in_the_quiet_hours_but_later(self) -> None:
        email = plan_email()
        save_preferences(
            email.notification.recipient, quiet_from=datetime.time(11), quiet_until=datetime.time(13)
        )
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.due_at, email.attempts) == ("waiting", NOON + HOUR, 0)


class TestFailing:
    def test_is_tried_again_later_each_time_and_then_dead(self, postbox, settings) -> None:
        postbox.failure = DeliveryFailed("Answered 500")
        email = plan_email()
        times = try_until_dead(email)
        email.refresh_from_db()
        assert (email.status, email.attempts, email.last_error) == ("dead", 8, "Answered 500")
        assert list(email.attempt_rows.values_list("number", "outcome", "detail")) == [
            (number, "failed", "Answered 500") for number in range(1, 9)
        ]
        # With equal jitter: between half of the step and all of it.
        steps_s = [60, 240, 960, 3840, 15360, 36000, 36000]
        waits_s = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
        assert all(step / 2 <= wait <= step for step, wait in zip(steps_s, waits_s, strict=True))

    def test_has_its_next_attempt_enqueued(self, postbox) -> None:
        postbox.failure = DeliveryFailed("Answered 500")
        email = plan_email()
        run_due_jobs()
        email.refresh_from_db()
        assert (email.status, email.attempts) == ("waiting", 1)
        postbox.failure = None
        with clock.at(email.due_at):
            run_due_jobs()
        email.refresh_from_db()
        assert (email.status, email.attempts, email.last_error) == ("delivered", 2, "")
        assert {sent.key for sent in postbox.sent} == {str(email.key)}

    def test_for_good_is_dead_at_once(self, postbox) -> None:
        postbox.failure = DeliveryFailed("No such user", is_permanent=True, is_of_receiver=False)
        email = plan_email()
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.attempts, email.ended_at) == ("dead", 1, NOON)
        assert Receiver.objects.get().failures_in_a_row == 0

    def test_of_a_webhook_is_shown_to_its_owner(self, postbox) -> None:
        postbox.failure = DeliveryFailed("Answered 500")
        webhook = plan_webhook()
        deliver(webhook.pk)
        endpoint = WebhookEndpoint.objects.get()
        assert (endpoint.last_failure, endpoint.last_failure_at, endpoint.is_active) == (
            "Answered 500",
            NOON,
            True,
        )

    def test_with_gone_switches_the_webhook_off(self, postbox) -> None:
        postbox.failure = DeliveryFailed("Answered 410", is_gone=True, is_of_receiver=False)
        webhook = plan_webhook()
        deliver(webhook.pk)
        webhook.refresh_from_db()
        assert (webhook.status, WebhookEndpoint.objects.get().is_active) == ("dead", False)

    def test_with_a_text_that_no_database_holds_is_recorded_all_the_same(self, postbox) -> None:
        postbox.failure = DeliveryFailed("Answered \x00\x01")
        email = plan_email()
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.last_error) == ("waiting", "Answered \x01")
        assert Receiver.objects.get().failures_in_a_row == 1

    def test_by_a_mistake_in_an_adapter_is_a_failure_like_any(self, postbox, caplog) -> None:
        postbox.failure = ZeroDivisionError("division by zero")
        email = plan_email()
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.last_error) == ("waiting", "ZeroDivisionError: division by zero")
        assert f"The adapter of email failed on {email.key}: ZeroDivisionError\n" in caplog.text

    def test_by_a_mistake_is_logged_without_what_it_says(self, postbox, caplog) -> None:
        postbox.failure = ValueError("ann@example.com")
        deliver(plan_email().pk)
        assert "ValueError" in caplog.text
        assert "ann@example.com" not in caplog.text


class TestDying:
    """A worker is killed between sending and recording."""

    @pytest.fixture
    def email(self, postbox) -> Delivery:
        email = plan_email()
        postbox.failure = SystemExit()
        with pytest.raises(SystemExit):
            deliver(email.pk)
        postbox.failure = None
        email.refresh_from_db()
        assert (email.status, email.attempts, email.sending_since) == ("sending", 1, NOON)
        return email

    def test_leaves_it_alone_while_it_may_still_be_sent(self, email: Delivery) -> None:
        with clock.at(NOON + 90 * MINUTE / 60):
            assert recover_abandoned_attempts() == 0

    def test_has_it_sent_again_with_the_same_key(self, email: Delivery, postbox) -> None:
        with clock.at(NOON + 2 * MINUTE):
            assert recover_abandoned_attempts() == 1
            assert recover_abandoned_attempts() == 0
        email.refresh_from_db()
        assert email.status == "waiting"
        with clock.at(email.due_at):
            assert hand_out_due_deliveries() == 0  # the job of planning is still there
            run_due_jobs()
        email.refresh_from_db()
        assert (email.status, email.attempts) == ("delivered", 2)
        assert list(email.attempt_rows.values_list("outcome", flat=True)) == ["abandoned", "delivered"]
        assert [sent.key for sent in postbox.sent] == [str(email.key)]

    def test_at_the_last_attempt_is_the_end(self, email: Delivery) -> None:
        Delivery.objects.update(attempts_max=1)
        with clock.at(NOON + 2 * MINUTE):
            recover_abandoned_attempts()
        email.refresh_from_db()
        assert (email.status, email.last_error) == ("dead", "The worker died, or was silent for too long.")

    def test_late_news_of_a_given_up_attempt_changes_nothing(self, postbox) -> None:
        def give_up() -> None:
            with clock.at(NOON + 2 * MINUTE):
                recover_abandoned_attempts()

        email = plan_email()
        postbox.meanwhile = give_up
        deliver(email.pk)
        email.refresh_from_db()
        assert email.status == "waiting"
        assert email.attempt_rows.get().outcome == "abandoned"

    def test_late_news_leaves_the_attempt_alone_that_runs_by_now(self, postbox) -> None:
        def give_up_and_begin_another() -> None:
            with clock.at(NOON + 2 * MINUTE):
                recover_abandoned_attempts()
            with clock.at(Delivery.objects.get(pk=email.pk).due_at):
                assert claim_delivery(email.pk) is not None

        email = plan_email()
        postbox.meanwhile = give_up_and_begin_another
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.attempts) == ("sending", 2)
        assert list(email.attempt_rows.values_list("outcome", flat=True)) == ["abandoned", "running"]
