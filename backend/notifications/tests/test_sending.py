"""A delivery is made when it still makes sense, tried again when it fails, and ends delivered, skipped or dead."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import pytest
from django.db import transaction

from backend.jobs.testing import list_jobs, run_due_jobs
from backend.notifications import relevance
from backend.notifications.channels import Envelope
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Digest,
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
from backend.notifications.services.dead_letters import (
    resume_now,
    retry_deliveries,
    tell_staff_of_dead_deliveries,
)
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.services.sending import deliver, send_digest
from backend.notifications.services.sweeping import (
    enqueue_digests,
    give_up_old_deliveries,
    hand_out_due_deliveries,
    recover_abandoned_attempts,
    resume_receiver,
)
from backend.notifications.tests.factories import make_notification, make_provider, make_user
from backend.users.models import User
from workflows import clock

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 1, 10, 12, tzinfo=datetime.UTC)
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
EMAIL, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.WEBHOOK


class Postbox:
    """An adapter that keeps what it gets, or fails as told."""

    sent: list[Envelope] = []
    failure: BaseException | None = None

    def send(self, envelope: Envelope) -> None:
        if Postbox.failure is not None:
            raise Postbox.failure
        Postbox.sent.append(envelope)


@pytest.fixture(autouse=True)
def postbox(settings, monkeypatch):
    monkeypatch.setattr(relevance, "_checks", {})  # those of other apps: they ask about leads
    settings.DELIVERY_ADAPTERS = dict.fromkeys(["email", "sms", "webhook"], f"{__name__}.Postbox")
    Postbox.sent, Postbox.failure = [], None
    return Postbox


@pytest.fixture(autouse=True)
def _noon():
    with clock.at(NOON):
        yield


def plan(user: User, **fields: Any) -> Notification:
    notification = make_notification(user, **fields)
    plan_deliveries([notification.pk])
    return notification


def plan_email(user: User | None = None, **fields: Any) -> Delivery:
    return plan(user or make_user(), **fields).deliveries.get(channel="email")


def plan_webhook(**fields: Any) -> Delivery:
    user = make_user(email="")
    save_webhook_endpoint(user, "https://hooks.example/in")
    return plan(user, **fields).deliveries.get(channel="webhook")


def try_until_dead(delivery: Delivery) -> list[datetime.datetime]:
    """Make every attempt at its time, and return the times."""
    times = []
    while (delivery := Delivery.objects.get(pk=delivery.pk)).status == "waiting":
        assert delivery.due_at is not None
        times.append(delivery.due_at)
        Receiver.objects.update(paused_until=None)
        with clock.at(delivery.due_at):
            deliver(delivery.pk)
    return times


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

    def test_by_a_mistake_in_an_adapter_is_a_failure_like_any(self, postbox, caplog) -> None:
        postbox.failure = ZeroDivisionError("division by zero")
        email = plan_email()
        deliver(email.pk)
        email.refresh_from_db()
        assert (email.status, email.last_error) == ("waiting", "ZeroDivisionError: division by zero")
        assert "The adapter of email failed" in caplog.text


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
        email = plan_email()

        class Late(Postbox):
            def send(self, envelope: Envelope) -> None:
                with clock.at(NOON + 2 * MINUTE):
                    recover_abandoned_attempts()

        globals()["Late"] = Late
        from django.conf import settings

        settings.DELIVERY_ADAPTERS["email"] = f"{__name__}.Late"
        deliver(email.pk)
        email.refresh_from_db()
        assert email.status == "waiting"
        assert email.attempt_rows.get().outcome == "abandoned"


class TestReceiver:
    def fail(self, times: int, **fields: Any) -> list[Delivery]:
        Postbox.failure = DeliveryFailed("Answered 500", **fields)
        deliveries = [plan_email() for _number in range(times)]
        for delivery in deliveries:
            deliver(delivery.pk)
        return deliveries

    def test_is_paused_after_five_failures_in_a_row(self) -> None:
        self.fail(4)
        assert Receiver.objects.get().paused_until is None
        self.fail(1)
        receiver = Receiver.objects.get()
        assert receiver.failures_in_a_row == 5
        assert NOON + MINUTE / 2 <= receiver.paused_until <= NOON + MINUTE
        assert list_jobs("notifications.resume_receiver") == [{"receiver": "email"}]

    def test_is_not_blamed_for_what_one_recipient_refuses(self) -> None:
        self.fail(20, is_of_receiver=False)
        assert Receiver.objects.get().failures_in_a_row == 0

    def test_while_paused_gets_nothing_and_burns_no_attempts(self, postbox) -> None:
        self.fail(5)
        postbox.failure = None
        waiting = [plan_email() for _number in range(20)]
        assert run_due_jobs() == 25  # the five of before do nothing
        assert postbox.sent == []
        assert {
            (each.status, each.attempts) for each in Delivery.objects.filter(pk__in=[w.pk for w in waiting])
        } == {("waiting", 0)}
        assert Receiver.objects.get().is_backed_up
        # Nothing moves, and nothing is enqueued, until the pause ends.
        before = len(list_jobs())
        for _sweep in range(3):
            assert hand_out_due_deliveries() == 0
        assert len(list_jobs()) == before

    def test_is_tried_out_with_one_and_then_gets_everything(self, postbox) -> None:
        self.fail(5)
        postbox.failure = None
        for _number in range(20):
            plan_email()
        run_due_jobs()
        receiver = Receiver.objects.get()
        with clock.at(receiver.paused_until):
            resume_receiver("email")
            assert len(list_jobs("notifications.deliver")) == 5 + 1
            run_due_jobs()
        receiver.refresh_from_db()
        assert (receiver.failures_in_a_row, receiver.paused_until) == (0, None)
        assert len(postbox.sent) >= 20
        assert not Delivery.objects.filter(channel="email", status="waiting", attempts=0).exists()

    def test_that_fails_again_is_paused_for_longer(self) -> None:
        self.fail(5)
        pauses = []
        for _time in range(8):
            receiver = Receiver.objects.get()
            pauses.append(receiver.paused_until)
            with clock.at(receiver.paused_until):
                deliver(plan_email().pk)
        lengths_s = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(pauses)]
        for step_s, length_s in zip([120, 240, 480, 960, 1920, 3600, 3600], lengths_s, strict=True):
            assert step_s / 2 <= length_s <= step_s

    def test_gets_a_few_at_a_time_and_the_next_when_one_ends(self, postbox) -> None:
        webhook = plan_webhook()
        user = webhook.notification.recipient
        others = [plan(user).deliveries.get(channel="webhook") for _number in range(3)]
        seen: list[int] = []

        class Nosy(Postbox):
            def send(self, envelope: Envelope) -> None:
                seen.append(len(seen))
                if len(seen) < 4:
                    deliver(others[len(seen) - 1].pk)  # another worker, meanwhile

        globals()["Nosy"] = Nosy
        from django.conf import settings

        settings.DELIVERY_ADAPTERS["webhook"] = f"{__name__}.Nosy"
        Receiver.objects.update(in_flight_max=2)
        deliver(webhook.pk)
        statuses = list(
            Delivery.objects.filter(channel="webhook").order_by("pk").values_list("status", flat=True)
        )
        assert statuses == ["delivered", "delivered", "waiting", "waiting"]
        handed_out = [job["delivery_id"] for job in list_jobs("notifications.deliver")][-2:]
        assert handed_out == [others[1].pk, others[2].pk]
        run_due_jobs()
        assert not Delivery.objects.filter(status="waiting").exists()

    def test_resumed_by_staff_gets_what_waits(self, postbox) -> None:
        self.fail(5)
        postbox.failure = None
        plan_email()
        run_due_jobs()
        assert postbox.sent == []
        resume_now(Receiver.objects.get())
        run_due_jobs()
        assert len(postbox.sent) == 1
        assert Receiver.objects.get().paused_until is None

    def test_that_never_answers_has_its_deliveries_given_up(self) -> None:
        self.fail(5)
        waiting = plan_email()
        with clock.at(NOON + 47 * HOUR):
            assert give_up_old_deliveries() == 0
        with clock.at(NOON + 48 * HOUR):
            assert give_up_old_deliveries() == 6
            assert give_up_old_deliveries() == 0
        waiting.refresh_from_db()
        assert (waiting.status, waiting.attempts, waiting.last_error) == (
            "dead",
            0,
            "Its receiver took nothing in time.",
        )


class TestSweep:
    def test_takes_up_what_was_held_back_by_quiet_hours(self, postbox) -> None:
        user = make_provider()
        save_preferences(user, quiet_from=datetime.time(11), quiet_until=datetime.time(13))
        email = plan_email(user)
        assert list_jobs("notifications.deliver") == []
        assert hand_out_due_deliveries() == 0
        with clock.at(NOON + HOUR):
            assert hand_out_due_deliveries() == 1
            assert hand_out_due_deliveries() == 0  # twice: its job waits already
            run_due_jobs()
        assert [sent.key for sent in postbox.sent] == [str(email.key)]


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

    def test_counts_as_one_message_in_flight(self, user: User, postbox, settings) -> None:
        for _number in range(10):
            plan_email(user)
        with clock.at(NOON + 6 * HOUR):
            send_digest(user.pk)
        assert len(postbox.sent[0].items) == 10


class TestDeadLetters:
    def make_staff(self) -> User:
        from django.contrib.auth.models import Group, Permission

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
