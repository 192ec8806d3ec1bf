"""Staff see what went out and why not; those who may retry what died, with one click, or many at once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse

from backend.jobs.testing import list_jobs
from backend.notifications.models import Delivery, Receiver
from backend.notifications.services.planning import plan_deliveries
from backend.notifications.services.recording import end_as_dead
from backend.notifications.tests.factories import make_notification, make_user
from workflows import clock

pytestmark = pytest.mark.django_db

LIST = reverse("admin:notifications_delivery_changelist")


def log_in(client: Client, role: str) -> None:
    member = make_user(is_staff=True)
    member.groups.add(Group.objects.get(name=role))
    client.force_login(member)


def make_delivery(**fields: Any) -> Delivery:
    notification = make_notification(make_user(), **fields)
    plan_deliveries([notification.pk])
    return notification.deliveries.get(channel="email")


def make_dead(**fields: Any) -> Delivery:
    delivery = make_delivery(**fields)
    end_as_dead([delivery], "Answered 500", at=clock.now())
    delivery.refresh_from_db()
    return delivery


def retry_address(delivery: Delivery) -> str:
    return reverse("admin:notifications_delivery_retry", args=[delivery.pk])


def page_of(instance: Delivery | Receiver) -> str:
    return reverse(f"admin:notifications_{instance._meta.model_name}_change", args=[instance.pk])


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def status_of(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).status


class TestRetryButton:
    def test_has_a_dead_delivery_tried_again_and_says_who_did_it(self, client: Client) -> None:
        log_in(client, "dispatcher")
        delivery = make_dead()
        jobs = len(list_jobs("notifications.deliver"))
        response = client.post(retry_address(delivery))
        assert response["Location"] == page_of(delivery)
        assert said(response) == ["It is tried again."]
        assert status_of(delivery) == "waiting"
        assert len(list_jobs("notifications.deliver")) == jobs + 1
        entry = LogEntry.objects.get()
        assert (entry.object_id, entry.change_message) == (str(delivery.pk), "Retried.")

    def test_pressed_twice_changes_nothing_the_second_time(self, client: Client) -> None:
        log_in(client, "dispatcher")
        delivery = make_dead()
        client.post(retry_address(delivery))
        jobs = len(list_jobs("notifications.deliver"))
        response = client.post(retry_address(delivery))
        assert said(response)[-1] == "It is not dead (any more): nothing was changed."
        assert (len(list_jobs("notifications.deliver")), LogEntry.objects.count()) == (jobs, 1)

    @pytest.mark.parametrize("role", ["verifier", "auditor", "finance"])
    def test_is_refused_to_whoever_may_not(self, client: Client, role: str) -> None:
        log_in(client, role)
        delivery = make_dead()
        assert client.post(retry_address(delivery)).status_code == 403
        assert status_of(delivery) == "dead"
        page = client.get(page_of(delivery))
        assert page.status_code == (403 if role == "finance" else 200)
        assert retry_address(delivery) not in page.content.decode()

    def test_does_nothing_on_a_get(self, client: Client) -> None:
        log_in(client, "dispatcher")
        delivery = make_dead()
        assert client.get(retry_address(delivery)).status_code == 405
        assert status_of(delivery) == "dead"

    def test_is_shown_only_for_a_dead_one(self, client: Client) -> None:
        log_in(client, "dispatcher")
        dead, waiting = make_dead(), make_delivery()
        assert retry_address(dead) in client.get(page_of(dead)).content.decode()
        assert retry_address(waiting) not in client.get(page_of(waiting)).content.decode()

    def test_of_what_is_gone_is_not_found(self, client: Client) -> None:
        log_in(client, "dispatcher")
        missing = reverse("admin:notifications_delivery_retry", args=[4711])
        assert client.post(missing).status_code == 404


class TestRetrySelected:
    def post(self, client: Client, *deliveries: Delivery, query: str = "", **fields: str) -> Any:
        return client.post(
            LIST + query,
            {
                "action": "retry_selected",
                "_selected_action": [delivery.pk for delivery in deliveries],
                **fields,
            },
        )

    def test_asks_first(self, client: Client) -> None:
        log_in(client, "dispatcher")
        dead = [make_dead(subject=f"Offer {number}") for number in range(2)]
        page = self.post(client, *dead, make_delivery()).content.decode()
        assert "Retry 2 dead deliveries?" in page
        assert "Selected: 3." in page
        assert "Offer 1 · E-mail" in page
        assert {status_of(delivery) for delivery in dead} == {"dead"}

    def test_retries_the_dead_ones_of_the_selection(self, client: Client) -> None:
        log_in(client, "dispatcher")
        dead, other, waiting = make_dead(), make_dead(), make_delivery()
        response = self.post(client, dead, waiting, confirmed="yes")
        assert said(response) == ["1 delivery is tried again."]
        assert [status_of(each) for each in (dead, other, waiting)] == ["waiting", "dead", "waiting"]
        assert LogEntry.objects.get().object_id == str(dead.pk)

    def test_retries_all_that_match_the_filter(self, client: Client) -> None:
        log_in(client, "dispatcher")
        dead = [make_dead() for _number in range(3)]
        query = "?status__exact=dead&channel__exact=email"
        page = self.post(client, dead[0], query=query, select_across="1").content.decode()
        assert "Retry 3 dead deliveries?" in page
        self.post(client, dead[0], query=query, select_across="1", confirmed="yes")
        assert {status_of(delivery) for delivery in dead} == {"waiting"}

    def test_is_not_offered_to_whoever_may_not(self, client: Client) -> None:
        log_in(client, "auditor")
        dead = make_dead()
        self.post(client, dead, confirmed="yes")
        assert status_of(dead) == "dead"
        assert "retry_selected" not in client.get(LIST).content.decode()


class TestDeliveryList:
    def find(self, client: Client, query: str) -> list[Delivery]:
        log_in(client, "auditor")
        return list(client.get(f"{LIST}?{query}").context["cl"].result_list)

    def test_finds_by_key_subject_and_recipient(self, client: Client) -> None:
        delivery, other = make_delivery(subject="A dripping tap"), make_delivery()
        assert self.find(client, f"q={delivery.key}") == [delivery]
        assert self.find(client, "q=dripping&channel__exact=email") == [delivery]
        name = other.notification.recipient.username
        assert self.find(client, f"q={name}&channel__exact=email") == [other]

    def test_filters_by_status_channel_and_type(self, client: Client) -> None:
        dead, _waiting = make_dead(type="reminder"), make_delivery()
        assert self.find(client, "status__exact=dead") == [dead]
        assert self.find(client, "channel__exact=email&notification__type__exact=reminder") == [dead]
        assert self.find(client, "receiver__exact=email&status__exact=dead") == [dead]


class TestDeliveryPage:
    def test_shows_every_attempt(self, client: Client) -> None:
        log_in(client, "auditor")
        delivery = make_delivery()
        delivery.attempt_rows.create(
            number=1,
            started_at=clock.now(),
            ended_at=clock.now(),
            outcome="failed",
            detail="Answered 500 <b>Oh</b>",
        )
        page = client.get(page_of(delivery)).content.decode()
        assert "Answered 500 &lt;b&gt;Oh&lt;/b&gt;" in page
        assert str(delivery.key) in page


class TestNotificationPage:
    def test_shows_how_it_went_out(self, client: Client) -> None:
        log_in(client, "verifier")
        dead = make_dead()
        address = reverse("admin:notifications_notification_change", args=[dead.notification_id])
        page = client.get(address).content.decode()
        assert page_of(dead) in page
        assert "Answered 500" in page


class TestReceiverPage:
    @pytest.fixture
    def paused(self) -> Receiver:
        make_delivery()
        Receiver.objects.update(
            paused_until=clock.now() + datetime.timedelta(hours=1), failures_in_a_row=7, is_backed_up=True
        )
        return Receiver.objects.get()

    def resume_address(self, receiver: Receiver) -> str:
        return reverse("admin:notifications_receiver_resume", args=[receiver.pk])

    def test_ends_a_pause_at_the_press_of_a_button(self, client: Client, paused: Receiver) -> None:
        log_in(client, "dispatcher")
        page = client.get(page_of(paused)).content.decode()
        assert self.resume_address(paused) in page
        assert "?receiver__exact=email&amp;status__exact=waiting" in page
        jobs = len(list_jobs("notifications.deliver"))
        client.post(self.resume_address(paused))
        paused.refresh_from_db()
        assert (paused.paused_until, paused.failures_in_a_row) == (None, 0)
        assert len(list_jobs("notifications.deliver")) == jobs + 1
        assert LogEntry.objects.get().change_message == "Resumed."
        assert self.resume_address(paused) not in client.get(page_of(paused)).content.decode()

    def test_leaves_the_pause_to_whoever_may_end_it(self, client: Client, paused: Receiver) -> None:
        log_in(client, "auditor")
        assert self.resume_address(paused) not in client.get(page_of(paused)).content.decode()
        assert client.post(self.resume_address(paused)).status_code == 403
        assert client.get(self.resume_address(paused)).status_code == 405
        assert Receiver.objects.get().paused_until == paused.paused_until

    def test_says_in_the_list_how_each_one_does(self, client: Client, paused: Receiver) -> None:
        Receiver.objects.create(name="sms", in_flight_max=4, failures_in_a_row=1)
        Receiver.objects.create(name="webhook:1", in_flight_max=2)
        log_in(client, "auditor")
        page = client.get(reverse("admin:notifications_receiver_changelist")).content.decode()
        assert [state for state in ("Paused", "On trial", "Works") if f">{state}<" in page] == [
            "Paused",
            "On trial",
            "Works",
        ]

    def test_lets_an_admin_set_how_many_it_gets_at_a_time(self, client: Client, paused: Receiver) -> None:
        log_in(client, "admin")
        client.post(page_of(paused), {"in_flight_max": "3"})
        assert Receiver.objects.get().in_flight_max == 3

    def test_does_not_undo_what_a_worker_notes_while_it_is_saved(
        self, client: Client, paused: Receiver
    ) -> None:
        def rival(**kwargs: Any) -> None:
            Receiver.objects.filter(pk=paused.pk).update(failures_in_a_row=8)

        log_in(client, "admin")
        pre_save.connect(rival, sender=Receiver)
        try:
            client.post(page_of(paused), {"in_flight_max": "3"})
        finally:
            pre_save.disconnect(rival, sender=Receiver)
        paused.refresh_from_db()
        assert (paused.in_flight_max, paused.failures_in_a_row) == (3, 8)
