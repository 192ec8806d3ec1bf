"""A receiver gets a few at a time, is left alone when it fails, and gets everything when it works again."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import pytest

from backend.jobs.models import Job
from backend.jobs.queue import enqueue
from backend.jobs.testing import end_job, list_jobs, run_due_jobs
from backend.notifications.errors import DeliveryFailed
from backend.notifications.models import (
    Delivery,
    DeliveryChannel,
    Receiver,
)
from backend.notifications.services import (
    save_preferences,
)
from backend.notifications.services.dead_letters import (
    resume_now,
)
from backend.notifications.services.sending import deliver
from backend.notifications.services.sweeping import (
    give_up_old_deliveries,
    hand_out_due_deliveries,
    resume_receiver,
)
from backend.notifications.tests.factories import make_provider
from backend.notifications.tests.postbox import HOUR, MINUTE, NOON, Postbox, plan, plan_email, plan_webhook
from workflows import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "postbox")]

EMAIL = DeliveryChannel.EMAIL


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
        postbox.meanwhile = lambda: (
            deliver(others[len(postbox.sent) - 1].pk) if len(postbox.sent) < 4 else None
        )
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

    def test_is_not_handed_out_beside_a_job_that_failed_and_comes_again(self) -> None:
        email = plan_email()
        end_job(Job.objects.get().pk, status="succeeded")
        enqueue("notifications.deliver", run_at=NOON + MINUTE, delivery_id=email.pk)
        assert hand_out_due_deliveries() == 0
        assert list_jobs("notifications.deliver") == [{"delivery_id": email.pk}]
