"""Trying out a webhook: one call at a time for each person."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from backend.notifications.models import WebhookEndpoint
from backend.notifications.services import save_webhook_endpoint, try_webhook
from backend.notifications.tests.factories import make_user

pytestmark = pytest.mark.django_db


def make_endpoint() -> WebhookEndpoint:
    endpoint = save_webhook_endpoint(make_user(), "https://hooks.example/in")
    assert endpoint is not None
    return endpoint


class TestTryWebhook:
    def test_calls_for_a_person_once_at_a_time_and_for_others_meanwhile(self, postbox) -> None:
        mine, others = make_endpoint(), make_endpoint()
        answers: list[str] = []

        def call_both() -> None:
            answers.extend(try_webhook(endpoint) for endpoint in (mine, others))
            connections.close_all()

        def come_meanwhile() -> None:
            postbox.meanwhile = None
            thread = threading.Thread(target=call_both)
            thread.start()
            thread.join(30)

        postbox.meanwhile = come_meanwhile
        assert try_webhook(mine) == ""
        assert answers == ["The one before still waits for an answer.", ""]
        assert [sent.address for sent in postbox.sent] == [mine.url, others.url]
        assert try_webhook(mine) == ""
