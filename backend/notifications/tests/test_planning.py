"""Each notification goes over the channels that its recipient wants, when it may be disturbed; once."""

from __future__ import annotations

import datetime
import itertools

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.jobs.testing import list_jobs, run_due_jobs
from backend.notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryChannel,
    Digest,
    Notification,
    NotificationType,
    Receiver,
)
from backend.notifications.services import (
    notify,
    save_preferences,
    save_webhook_endpoint,
    set_channel_choice,
)
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.tests.factories import make_notification, make_provider, make_user, message
from workflows import clock

pytestmark = pytest.mark.django_db

EMAIL, SMS, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.SMS, DeliveryChannel.WEBHOOK
NOON = datetime.datetime(2026, 1, 10, 12, tzinfo=datetime.UTC)
NIGHT = datetime.datetime(2026, 1, 10, 23, tzinfo=datetime.UTC)
MORNING = datetime.datetime(2026, 1, 11, 7, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
QUIET = {"quiet_from": datetime.time(22), "quiet_until": datetime.time(7)}
PHONE = "+491701234567"


def plan(user, *, at: datetime.datetime = NOON, **fields) -> dict[str, Delivery]:
    """Plan one notification to a user, and return its deliveries by channel."""
    with clock.at(at):
        notification = make_notification(user, **fields)
        plan_deliveries([notification.pk])
    return {delivery.channel: delivery for delivery in notification.deliveries.all()}


def brief(delivery: Delivery) -> tuple[object, ...]:
    return delivery.status, delivery.due_at, delivery.skipped_because


class TestChannels:
    def test_are_inbox_and_e_mail_for_whoever_set_up_nothing(self) -> None:
        deliveries = plan(make_user())
        assert set(deliveries) == {"in_app", "email"}
        assert brief(deliveries["in_app"]) == ("delivered", None, "")
        assert brief(deliveries["email"]) == ("waiting", NOON, "")
        assert deliveries["email"].give_up_at == NOON + 48 * HOUR

    def test_are_all_four_for_whoever_set_up_everything(self) -> None:
        user = make_user()
        save_preferences(user, phone=PHONE)
        endpoint = save_webhook_endpoint(user, "https://hooks.example/in")
        receivers = {channel: delivery.receiver_id for channel, delivery in plan(user).items()}
        assert receivers == {
            "in_app": None,
            "email": "email",
            "sms": "sms",
            "webhook": f"webhook:{endpoint.pk}",
        }
        assert dict(Receiver.objects.values_list("name", "in_flight_max")) == {
            "email": 6,
            "sms": 4,
            f"webhook:{endpoint.pk}": 2,
        }

    @pytest.mark.parametrize(
        ("type_", "channel", "is_on"),
        list(itertools.product(NotificationType, [EMAIL, SMS, WEBHOOK], [False, True])),
    )
    def test_follow_the_recipient_s_choices(
        self, type_: NotificationType, channel: DeliveryChannel, is_on: bool
    ) -> None:
        user = make_user()
        save_preferences(user, phone=PHONE)
        save_webhook_endpoint(user, "https://hooks.example/in")
        for each in (EMAIL, SMS, WEBHOOK):
            set_channel_choice(user, type_, each, is_on=is_on if each == channel else not is_on)
        waiting = {name for name, delivery in plan(user, type=type_).items() if delivery.status == "waiting"}
        assert waiting == ({channel} if is_on else {EMAIL, SMS, WEBHOOK} - {channel})

    def test_that_the_recipient_switched_off_are_skipped_with_the_reason(self) -> None:
        user = make_user()
        set_channel_choice(user, NotificationType.LEAD_ASSIGNED, EMAIL, is_on=False)
        assert brief(plan(user)["email"]) == ("skipped", None, "Switched off by the recipient.")

    def test_of_staff_are_the_inbox_alone_for_a_new_lead(self) -> None:
        staff = make_user(is_staff=True)
        assert set(plan(staff, type="system")) == {"in_app"}
        assert set(plan(staff, type="reminder")) == {"in_app", "email"}

    def test_without_an_address_are_skipped_with_the_reason(self) -> None:
        email = plan(make_user(email=""))["email"]
        assert brief(email) == ("skipped", None, "There is no e-mail address.")

    def test_of_somebody_deactivated_are_skipped_with_the_reason(self) -> None:
        user = make_user(is_active=False)
        save_webhook_endpoint(user, "https://hooks.example/in")
        deliveries = plan(user)
        assert brief(deliveries["in_app"]) == ("delivered", None, "")
        for channel in ("email", "webhook"):
            assert brief(deliveries[channel]) == ("skipped", None, "The login is deactivated.")

    def test_are_skipped_for_what_is_planned_days_late(self) -> None:
        with clock.at(NOON):
            notification = make_notification(make_user())
        with clock.at(NOON + 49 * HOUR):
            plan_deliveries([notification.pk])
        email = notification.deliveries.get(channel="email")
        assert brief(email) == ("skipped", None, "It was too old when it was planned.")


class TestQuietHours:
    @pytest.fixture
    def user(self):
        user = make_provider()
        save_preferences(user, phone=PHONE, **QUIET)
        save_webhook_endpoint(user, "https://hooks.example/in")
        return user

    def test_hold_e_mail_and_sms_back_and_nothing_else(self, user) -> None:
        deliveries = plan(user, at=NIGHT)
        assert {name: delivery.due_at for name, delivery in deliveries.items()} == {
            "in_app": None,
            "email": MORNING,
            "sms": MORNING,
            "webhook": NIGHT,
        }

    @pytest.mark.parametrize(("expires_at"), [NIGHT + HOUR, MORNING])
    def test_do_not_hold_an_e_mail_back_that_expires_before_they_end(self, user, expires_at) -> None:
        deliveries = plan(user, at=NIGHT, expires_at=expires_at)
        assert brief(deliveries["email"]) == ("waiting", NIGHT, "")
        assert brief(deliveries["sms"]) == ("skipped", None, "It would expire before the quiet hours end.")

    def test_hold_back_what_expires_after_they_end(self, user) -> None:
        deliveries = plan(user, at=NIGHT, expires_at=MORNING + HOUR)
        assert (deliveries["email"].due_at, deliveries["sms"].due_at) == (MORNING, MORNING)

    def test_are_those_of_the_recipient_s_time_zone(self) -> None:
        user = make_provider(time_zone="Europe/Berlin")
        save_preferences(user, **QUIET)
        in_march = datetime.datetime(2026, 3, 28, 22, tzinfo=datetime.UTC)  # clocks go forward in this night
        assert plan(user, at=in_march)["email"].due_at == datetime.datetime(
            2026, 3, 29, 5, tzinfo=datetime.UTC
        )


class TestDigest:
    def test_gathers_e_mails_until_its_time(self) -> None:
        user = make_provider()
        save_preferences(user, digest=Digest.DAILY, digest_at=datetime.time(8), phone=PHONE)
        deliveries = plan(user)
        email, sms = deliveries["email"], deliveries["sms"]
        assert (email.due_at, email.is_digest) == (NOON + 20 * HOUR, True)
        assert (sms.due_at, sms.is_digest) == (NOON, False)
        assert {job["delivery_id"] for job in list_jobs("notifications.deliver")} == {sms.pk}

    def test_is_not_waited_for_by_what_expires_before(self) -> None:
        user = make_provider()
        save_preferences(user, digest=Digest.DAILY, digest_at=datetime.time(8))
        email = plan(user, expires_at=NOON + 20 * HOUR)["email"]
        assert (email.due_at, email.is_digest) == (NOON, False)
        email = plan(user, expires_at=NOON + 21 * HOUR)["email"]
        assert (email.due_at, email.is_digest) == (NOON + 20 * HOUR, True)

    def test_keeps_the_quiet_hours_for_what_does_not_wait_for_it(self) -> None:
        user = make_provider()
        save_preferences(user, digest=Digest.DAILY, digest_at=datetime.time(20), **QUIET)
        email = plan(user, at=NIGHT, expires_at=MORNING + HOUR)["email"]
        assert (email.due_at, email.is_digest) == (MORNING, False)


class TestPlanDeliveries:
    def test_takes_the_same_statements_however_many(self) -> None:
        def count(notifications: int) -> int:
            rows = [make_notification(make_provider()).pk for _number in range(notifications)]
            with CaptureQueriesContext(connection) as statements:
                plan_deliveries(rows)
            return len(statements)

        assert [count(1), count(30)] == [11, 11]

    def test_runs_twice_and_plans_nothing_twice(self) -> None:
        notification = make_notification(make_user())
        plan_deliveries([notification.pk])
        before = list(Delivery.objects.order_by("pk").values())
        plan_deliveries([notification.pk])
        assert list(Delivery.objects.order_by("pk").values()) == before
        assert DeliveryAttempt.objects.count() == 1
        assert len(list_jobs("notifications.deliver")) == 1

    def test_leaves_out_what_is_gone(self) -> None:
        plan_deliveries([4711])
        assert not Delivery.objects.exists()

    def test_notes_that_the_inbox_has_it(self) -> None:
        in_app = plan(make_user())["in_app"]
        attempt = in_app.attempt_rows.get()
        assert (attempt.number, attempt.outcome, attempt.ended_at) == (1, "delivered", NOON)
        assert (in_app.attempts, in_app.started_at, in_app.ended_at) == (1, NOON, NOON)

    def test_enqueues_at_once_what_is_due(self) -> None:
        email = plan(make_user())["email"]
        assert list_jobs("notifications.deliver") == [{"delivery_id": email.pk}]

    def test_follows_from_notify(self) -> None:
        user = make_user(is_staff=True)
        with clock.at(NOON):
            notify([message(user, type=NotificationType.SYSTEM, expires_at=NOON + HOUR)])
            run_due_jobs()
        assert Delivery.objects.get().channel == "in_app"
        assert Notification.objects.get().expires_at == NOON + HOUR


class TestConstraints:
    @pytest.fixture
    def email(self) -> Delivery:
        return plan(make_user())["email"]

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"due_at": None}, "delivery_can_be_found_again"),
            (
                {"status": "sending", "due_at": None, "attempts": 1, "started_at": NOON},
                "delivery_can_be_found_again",
            ),
            ({"status": "dead"}, "delivery_can_be_found_again"),
            ({"status": "lost"}, "delivery_can_be_found_again"),
            ({"status": "delivered", "due_at": None, "ended_at": NOON}, "delivered_by_an_attempt"),
            ({"status": "skipped", "due_at": None, "ended_at": NOON}, "skipped_says_why"),
            ({"skipped_because": "No."}, "skipped_says_why"),
            ({"receiver": None}, "delivery_has_receiver_and_end"),
            ({"give_up_at": None}, "delivery_has_receiver_and_end"),
            ({"channel": "pigeon"}, "delivery_channel_is_known"),
        ],
    )
    def test_refuse_what_no_sweep_would_find(self, email: Delivery, changes: dict, constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Delivery.objects.filter(pk=email.pk).update(**changes)

    def test_refuse_a_second_success(self, email: Delivery) -> None:
        DeliveryAttempt.objects.create(
            delivery=email, number=1, started_at=NOON, ended_at=NOON, outcome="delivered"
        )
        with pytest.raises(IntegrityError, match="delivery_succeeds_once"), transaction.atomic():
            DeliveryAttempt.objects.create(
                delivery=email, number=2, started_at=NOON, ended_at=NOON, outcome="delivered"
            )

    def test_refuse_a_channel_twice(self, email: Delivery) -> None:
        with pytest.raises(IntegrityError, match="channel_is_used_once"), transaction.atomic():
            Delivery.objects.create(
                notification=email.notification,
                channel="email",
                receiver_id="email",
                due_at=NOON,
                give_up_at=NOON,
            )
