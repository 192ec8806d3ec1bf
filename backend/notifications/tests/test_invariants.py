"""What must hold of notifications and deliveries: each planted violation is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.jobs.models import Job
from backend.jobs.testing import begin_job, end_job, list_jobs, run_due_jobs
from backend.notifications.invariants import INVARIANTS
from backend.notifications.models import Delivery, Notification
from backend.notifications.services import notify
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.tests.factories import make_notification, make_user, message
from workflows.invariants.tests.planting import drop_constraint, find_violators, plant

pytestmark = pytest.mark.django_db

NOT_PLANNED = "notifications.notification_has_its_deliveries"


def make_told() -> Notification:
    """Return a notification that is in its recipient's inbox, and on its way by e-mail."""
    (notification,) = notify([message(make_user())])
    plan_all()
    return notification


def plan_all() -> None:
    for arguments in list_jobs("notifications.plan_deliveries"):
        plan_deliveries(**arguments)


def make_delivery(channel: str = "email") -> Delivery:
    return Delivery.objects.get(notification=make_told(), channel=channel)


def change(delivery: Delivery, change: str) -> int:
    plant(f"UPDATE notifications_delivery SET {change} WHERE id = %s", delivery.pk)
    return delivery.pk


def tell_twice() -> int:
    first, second = make_told(), make_told()
    drop_constraint("notifications_notification", "event_is_told_once")
    plant(
        "UPDATE notifications_notification SET recipient_id = %s WHERE id = %s", first.recipient_id, second.pk
    )
    return second.pk


def never_plan() -> int:
    return make_notification(make_user()).pk


def deliver_without_success() -> int:
    delivery = make_delivery("in_app")
    plant("UPDATE notifications_deliveryattempt SET outcome = 'failed' WHERE delivery_id = %s", delivery.pk)
    return delivery.pk


def succeed_twice() -> int:
    delivery = make_delivery("in_app")
    plant("DROP INDEX delivery_succeeds_once")
    plant(
        "INSERT INTO notifications_deliveryattempt (delivery_id, number, started_at, ended_at, outcome, detail)"
        " VALUES (%s, 2, now(), now(), 'delivered', '')",
        delivery.pk,
    )
    return change(delivery, "attempts = 2")


def succeed_and_die() -> int:
    return change(make_delivery("in_app"), "status = 'dead'")


def send_without_an_attempt() -> int:
    return change(
        make_delivery(),
        "status = 'sending', due_at = NULL, sending_since = now(), started_at = now(), attempts = 1",
    )


def leave_an_attempt_running() -> int:
    delivery = make_delivery()
    plant(
        "INSERT INTO notifications_deliveryattempt (delivery_id, number, started_at, outcome, detail)"
        " VALUES (%s, 1, now(), 'running', '')",
        delivery.pk,
    )
    return change(delivery, "attempts = 1")


def count_an_attempt_too_many() -> int:
    return change(make_delivery(), "attempts = 1")


def wait_past_its_end() -> int:
    return change(make_delivery(), "give_up_at = now() - interval '16 minutes'")


def send_for_ever() -> int:
    delivery = make_delivery()
    since = "status = 'sending', due_at = NULL, started_at = now(), attempts = 1, sending_since"
    return change(delivery, f"{since} = now() - interval '17 minutes'")


PLANTS: dict[str, list[Callable[[], int]]] = {
    "notifications.event_is_told_once": [tell_twice],
    NOT_PLANNED: [never_plan],
    "notifications.delivery_is_what_its_attempts_say": [
        deliver_without_success,
        succeed_twice,
        succeed_and_die,
        send_without_an_attempt,
        leave_an_attempt_running,
        count_an_attempt_too_many,
    ],
    "notifications.delivery_moves_on": [wait_past_its_end, send_for_ever],
}


class TestEachInvariant:
    @pytest.mark.parametrize(
        ("name", "violate"), [(name, violate) for name, plants in PLANTS.items() for violate in plants]
    )
    def test_finds_what_violates_it_alone(self, name: str, violate: Callable[[], int]) -> None:
        make_told()
        assert find_violators(name) == ()
        violator = violate()
        assert find_violators(name) == (violator,)

    def test_is_proven_here(self) -> None:
        assert {one.name for one in INVARIANTS} == set(PLANTS)


class TestPlanning:
    def test_may_still_wait_or_run(self) -> None:
        notify([message(make_user())])
        assert find_violators(NOT_PLANNED) == ()
        begin_job(_planning_job())
        assert find_violators(NOT_PLANNED) == ()

    def test_that_failed_for_good_leaves_its_notifications_without_deliveries(self) -> None:
        told = notify([message(make_user()), message(make_user())])
        end_job(_planning_job(), status="failed")
        assert find_violators(NOT_PLANNED) == tuple(one.pk for one in told)

    def test_of_everything_that_was_told_holds_when_it_was_delivered(self) -> None:
        notify([message(make_user())])
        run_due_jobs()
        assert [find_violators(one.name) for one in INVARIANTS] == [()] * len(INVARIANTS)


def _planning_job() -> int:
    return Job.objects.get(task_name="notifications.plan_deliveries").pk
