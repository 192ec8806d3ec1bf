"""SMS: one text of at most 160 characters with a link, through a gateway or to the console."""

from __future__ import annotations

import json
import sys
import textwrap

from django.conf import settings

from backend.notifications.channels.adapter import require_no_transaction
from backend.notifications.channels.envelope import Envelope
from backend.notifications.channels.http import Answer, post
from backend.notifications.errors import DeliveryFailed

__all__ = ["ConsoleSms", "HttpGatewaySms", "compose_text"]

TEXT_CHARACTERS_MAX = 160
# What only says that it is too busy, or that our key is wrong, will take the text another time.
_PASSING = frozenset({401, 403, 404, 408, 425, 429})


def compose_text(envelope: Envelope) -> str:
    """Return the subject, cut at a word where it is too long, and the link, which is never cut.

    Dots, not an ellipsis: one character outside the SMS alphabet makes two texts of one.
    """
    item = envelope.first
    room = TEXT_CHARACTERS_MAX - len(item.signed_page) - 1
    subject = textwrap.shorten(item.subject, max(room, 0), placeholder="...") if room > 0 else ""
    return f"{subject} {item.signed_page}".strip()


class ConsoleSms:
    """Writes the text where the worker writes: for trials."""

    def send(self, envelope: Envelope) -> None:
        """Print it.  Raises: OpenTransaction when one is open, as any channel does."""
        require_no_transaction(envelope.channel)
        sys.stdout.write(f"SMS to {envelope.address}: {compose_text(envelope)}\n")
        sys.stdout.flush()


class HttpGatewaySms:
    """Posts JSON to the gateway in ``settings.SMS_GATEWAY``; the names of the fields are the gateway's.

    The key of the delivery goes along as ``Idempotency-Key``, for gateways that know it.
    """

    def send(self, envelope: Envelope) -> None:
        """Hand the text to the gateway.

        Raises: DeliveryFailed when it does not answer 2xx; for good when it says that this text or number is wrong.
        """
        require_no_transaction(envelope.channel)
        gateway = settings.SMS_GATEWAY
        content = {gateway["to_field"]: envelope.address, gateway["text_field"]: compose_text(envelope)}
        if gateway["sender"]:
            content[gateway["sender_field"]] = gateway["sender"]
        answer = post(
            gateway["url"],
            json.dumps(content).encode(),
            headers=_headers(envelope.key, token=gateway["token"]),
            timeout_s=settings.SMS_TIMEOUT_S,
            is_public=False,
        )
        if not answer.is_success:
            raise _refusal(answer)


def _headers(key: str, *, token: str) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return {**headers, "Authorization": f"Bearer {token}"} if token else headers


def _refusal(answer: Answer) -> DeliveryFailed:
    is_ours = 400 <= answer.status < 500 and answer.status not in _PASSING
    return DeliveryFailed(
        f"The gateway answered {answer.status} {answer.detail}".rstrip(),
        is_permanent=is_ours,
        is_of_receiver=not is_ours,
    )
