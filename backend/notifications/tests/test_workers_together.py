"""Workers that come at the same time: one attempt each, and never more at a receiver than it may get."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from backend.notifications.models import Delivery, Receiver
from backend.notifications.services.dead_letters import retry_deliveries
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.services.recording import end_as_dead
from backend.notifications.services.sending import deliver
from backend.notifications.services.sweeping import recover_abandoned_attempts
from backend.notifications.tests.factories import make_notification, make_user
from backend.notifications.tests.postbox import MINUTE, Postbox, plan_email
from workflows import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("postbox")]

WORKERS = 6


def at_once(work: Callable[[int], object], arguments: Sequence[int]) -> list[object]:
    """Run the work on every argument, in threads that start together, each with a connection of its own."""
    together = threading.Barrier(len(arguments))

    def run(argument: int) -> object:
        together.wait(10)
        try:
            return work(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


class TestDeliver:
    def test_makes_one_attempt_when_all_workers_have_the_same_job(self) -> None:
        email = plan_email()
        at_once(deliver, [email.pk] * WORKERS)
        assert [sent.key for sent in Postbox.sent] == [str(email.key)]
        assert email.attempt_rows.count() == 1

    def test_gives_a_receiver_no_more_than_it_may_get(self) -> None:
        emails = [plan_email() for _number in range(WORKERS)]
        Receiver.objects.update(in_flight_max=2)
        in_flight: list[int] = []
        # Whoever sends waits for the others, who thus come while it does.
        others_came = threading.Barrier(WORKERS)

        def count() -> None:
            in_flight.append(Delivery.objects.filter(status="sending").count())
            others_came.wait(10)

        def come(pk: int) -> None:
            before = len(Postbox.sent)
            deliver(pk)
            if str(Delivery.objects.get(pk=pk).key) not in {sent.key for sent in Postbox.sent[before:]}:
                others_came.wait(10)

        Postbox.meanwhile = count
        at_once(come, [email.pk for email in emails])
        assert len(Postbox.sent) == 2
        assert max(in_flight) <= 2
        assert sorted(Delivery.objects.filter(channel="email").values_list("status", flat=True)) == (
            ["delivered"] * 2 + ["waiting"] * 4
        )


class TestPlanDeliveries:
    def test_plans_once_when_all_workers_have_the_same_job(self) -> None:
        notification = make_notification(make_user())
        at_once(lambda pk: plan_deliveries([pk]), [notification.pk] * WORKERS)
        assert sorted(notification.deliveries.values_list("channel", flat=True)) == ["email", "in_app"]


class TestRetryDeliveries:
    def test_retries_once_when_everybody_clicks_together(self) -> None:
        email = plan_email()
        end_as_dead([email], "Answered 500", at=clock.now())
        assert sorted(at_once(lambda pk: retry_deliveries([pk]), [email.pk] * WORKERS)) == [0] * 5 + [1]


class TestSweep:
    def test_takes_what_a_dead_worker_left_up_once(self) -> None:
        email = plan_email()
        Postbox.failure = SystemExit()
        with pytest.raises(SystemExit):
            deliver(email.pk)
        now = clock.now()

        def sweep(_number: int) -> int:
            with clock.at(now + 2 * MINUTE):
                return recover_abandoned_attempts()

        assert sorted(at_once(sweep, range(WORKERS))) == [0] * 5 + [1]
