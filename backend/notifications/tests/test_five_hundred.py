"""Five hundred deliveries through every fault, by a real worker: none is lost, and no receiver delays another."""

from __future__ import annotations

import datetime
import time

import pytest
from django.db.models import Count

from backend.jobs.worker import WorkerOptions, run_worker
from backend.notifications import relevance
from backend.notifications.models import Delivery, DeliveryAttempt
from backend.notifications.services import notify, save_webhook_endpoint
from backend.notifications.services.sweeping import give_up_old_deliveries, hand_out_due_deliveries
from backend.notifications.tests.factories import make_user, message
from backend.notifications.tests.faulty_receiver import FaultyReceiver, closed_port, faulty_receiver
from workflows import clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

GOOD = ("ok", "slow", "flaky")
BAD = ("broken", "reset", "hang", "drip", "headers", "inward", "refused")
EACH = 50
PATIENCE_S = 90


@pytest.fixture(autouse=True)
def _hasty(settings, monkeypatch) -> None:
    monkeypatch.setattr(relevance, "_checks", {})  # those of other apps: they ask about leads
    settings.WEBHOOK_TIMEOUT_S = 0.3
    settings.DELIVERY_ATTEMPTS_MAX = 3
    settings.DELIVERY_RETRY_FACTOR = 2
    settings.RECEIVER_PAUSE_FIRST_S, settings.RECEIVER_PAUSE_LONGEST_S = 0.5, 1


@pytest.fixture
def receiver():
    with faulty_receiver() as receiver:
        yield receiver


def announce(receiver: FaultyReceiver) -> None:
    """Tell the owners of ten webhooks, one healthy and nine with a fault each, of fifty events each, mixed."""
    users = {}
    for name in (*GOOD, *BAD):
        users[name] = make_user(name, email="")
        address = closed_port() if name == "refused" else f"{receiver.address}/{name}"
        save_webhook_endpoint(users[name], address)
    notify(message(user, event=f"test:{number}") for number in range(EACH) for user in users.values())


def work(*, until_none: dict[str, object]) -> None:
    """Run a worker, and what a sweep does, until no webhook delivery is left that matches."""
    webhooks = Delivery.objects.filter(channel="webhook", **until_none)
    for _round in range(int(PATIENCE_S / 0.1)):
        run_worker(WorkerOptions(concurrency=8, waits=False))
        if Delivery.objects.exists() and not webhooks.exists():
            return
        give_up_old_deliveries()
        hand_out_due_deliveries()
        time.sleep(0.1)
    raise AssertionError(f"{webhooks.count()} deliveries are still not there.")


def let_time_pass(*, give_up_after_s: float = 3600) -> None:
    """Make every retry due now, and the end of patience come so soon."""
    end = clock.now() + datetime.timedelta(seconds=give_up_after_s)
    Delivery.objects.filter(status="waiting").update(due_at=clock.now(), give_up_at=end)


def count_by_owner(status: str) -> dict[str, int]:
    found = Delivery.objects.filter(channel="webhook", status=status)
    rows = found.values_list("notification__recipient__username").annotate(Count("pk")).order_by()
    return dict(rows)


class TestFiveHundredDeliveries:
    def test_end_delivered_or_dead_and_the_healthy_ones_first(self, settings, receiver) -> None:
        announce(receiver)

        work(until_none={"notification__recipient__username": "ok", "status__in": ["waiting", "sending"]})
        assert count_by_owner("delivered")["ok"] == EACH
        assert count_by_owner("dead") == {}

        settings.DELIVERY_RETRY_FIRST_S = 0.2
        let_time_pass()
        work(until_none={"notification__recipient__username__in": GOOD, "status__in": ["waiting", "sending"]})
        let_time_pass(give_up_after_s=3)
        work(until_none={"status__in": ["waiting", "sending"]})
        assert count_by_owner("delivered") == dict.fromkeys(GOOD, EACH)
        assert count_by_owner("dead") == dict.fromkeys(BAD, EACH)
        self.check_against_the_receiver(receiver)
        self.check_attempts()

    def check_against_the_receiver(self, receiver: FaultyReceiver) -> None:
        """What is delivered is what the receiver took (perhaps twice, if its answer was late, with the same key)."""
        delivered = Delivery.objects.filter(channel="webhook", status="delivered")
        assert {str(key) for key in delivered.values_list("key", flat=True)} == set(receiver.taken())

    def check_attempts(self) -> None:
        """Delivered is what has exactly one successful attempt; nothing is left running; the number is the count."""
        succeeded = DeliveryAttempt.objects.filter(outcome="delivered").values("delivery")
        assert set(Delivery.objects.filter(pk__in=succeeded).values_list("status", flat=True)) == {
            "delivered"
        }
        assert succeeded.count() == Delivery.objects.filter(status="delivered").count()
        assert not DeliveryAttempt.objects.filter(outcome="running").exists()
        counted = Delivery.objects.annotate(rows=Count("attempt_rows"))
        assert all(delivery.rows == delivery.attempts <= 3 for delivery in counted)
