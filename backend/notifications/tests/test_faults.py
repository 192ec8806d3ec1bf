"""Under a database that fails now and then: each message arrives, and if more than once, then by one key."""

from __future__ import annotations

import datetime
from collections import Counter
from contextlib import suppress

import pytest
from django.conf import settings
from django.db import OperationalError

from backend.notifications.models import Delivery, DeliveryAttempt
from backend.notifications.services.sending import deliver
from backend.notifications.services.sweeping import recover_abandoned_attempts
from backend.notifications.tests.postbox import NOON, Postbox, plan_email
from workflows import clock
from workflows.invariants import examine, list_invariants
from workflows.tests.faulty_database import RATE, faulty_database

pytestmark = [pytest.mark.survives_faults, pytest.mark.django_db(transaction=True)]

EMAILS, ROUNDS_MAX = 20, 30


def make_a_round(now: datetime.datetime) -> None:
    """Do what a worker does: take up each that waits, then look for what was left lying."""
    waiting = list(Delivery.objects.filter(channel="email", status="waiting").values_list("pk", flat=True))
    with clock.at(now):
        for delivery_id in waiting:
            with suppress(OperationalError):
                deliver(delivery_id)
        with suppress(OperationalError):
            recover_abandoned_attempts()


class TestDelivery:
    def test_is_made_at_least_once_and_known_by_its_key(self, postbox: type[Postbox]) -> None:
        with clock.at(NOON):
            emails = [plan_email() for _email in range(EMAILS)]
        now = NOON

        with faulty_database(rate=2 * RATE) as faults:
            for _round in range(ROUNDS_MAX):
                with suppress(OperationalError):
                    make_a_round(now)
                # Later than an attempt may last, and than the pause after the first failures.
                now += settings.DELIVERY_ATTEMPT_TIMEOUT + datetime.timedelta(minutes=5)
                if set(Delivery.objects.filter(channel="email").values_list("status", flat=True)) == {
                    "delivered"
                }:
                    break

        assert sum(faults.counts.values()) > 0
        sent = Counter(envelope.key for envelope in postbox.sent)
        assert set(sent) == {str(email.key) for email in emails}
        outcomes = Counter(DeliveryAttempt.objects.values_list("delivery__key", "outcome"))
        for email in emails:
            assert outcomes[email.key, "delivered"] == 1
            # Whatever was sent had its attempt on record beforehand.
            attempts = outcomes[email.key, "delivered"] + outcomes[email.key, "abandoned"]
            assert 1 <= sent[str(email.key)] <= attempts
        wanted = [one for one in list_invariants() if one.code in ("J1", "N1")]
        with clock.at(now):
            assert {one.invariant.name: one.ids for one in examine(wanted, ids_max=5) if one.count} == {}
