"""Webhooks by the Standard Webhooks specification (https://www.standardwebhooks.com)."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.conf import settings
from standardwebhooks import Webhook

from backend.notifications.channels.adapter import require_no_transaction
from backend.notifications.channels.envelope import Envelope
from backend.notifications.channels.http import Answer, post
from backend.notifications.errors import DeliveryFailed
from workflows import clock

__all__ = ["WebhookChannel"]

GONE = 410


class WebhookChannel:
    """Calls the address of a person's system.  ``webhook-id`` is the key of the delivery: repeats carry the same."""

    def send(self, envelope: Envelope) -> None:
        """Post the signed payload.

        Raises: DeliveryFailed when the answer is not 2xx (a redirect is none), or there is none in time.
        """
        require_no_transaction(envelope.channel)
        body = json.dumps(_payload(envelope), separators=(",", ":"), ensure_ascii=False)
        answer = post(
            envelope.address,
            body.encode(),
            headers=_headers(envelope, body, at=clock.now()),
            timeout_s=settings.WEBHOOK_TIMEOUT_S,
            is_loopback_allowed=settings.WEBHOOK_LOOPBACK_ALLOWED,
        )
        if not answer.is_success:
            raise _refusal(answer)


def _payload(envelope: Envelope) -> dict[str, Any]:
    """Return what is told: what happened and where to look.  Nothing of a client that its page would not show."""
    item = envelope.first
    return {
        "type": item.type.value,
        "timestamp": item.created_at.isoformat(),
        "data": {
            "notification": item.notification_id,
            "event": item.event,
            "subject": item.subject,
            "page": item.page,
            "expires_at": item.expires_at.isoformat() if item.expires_at else None,
        },
    }


def _headers(envelope: Envelope, body: str, *, at: datetime.datetime) -> dict[str, str]:
    at = at.astimezone(datetime.UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": envelope.key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(envelope.secret).sign(envelope.key, at, body),
    }


def _refusal(answer: Answer) -> DeliveryFailed:
    if answer.status == GONE:
        return DeliveryFailed(
            "Answered 410: it asks never to be called again.", is_gone=True, is_of_receiver=False
        )
    redirect = " (redirects are not followed)" if 300 <= answer.status < 400 else ""
    return DeliveryFailed(f"Answered {answer.status}{redirect} {answer.detail}".rstrip())
