"""Calling a person's system once, because that person wants to see whether it works."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from backend.jobs.alone import running_alone
from backend.notifications.channels.adapter import adapter_for
from backend.notifications.channels.envelope import Envelope, EnvelopeItem
from backend.notifications.errors import DeliveryFailed
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.links import page_address
from backend.notifications.models import WebhookEndpoint
from workflows import clock

__all__ = ["try_webhook"]

_SETTINGS_PAGE = "/settings/notifications/"


def try_webhook(endpoint: WebhookEndpoint) -> str:
    """Call an endpoint as a notification would, and return "" when it took the call, else why it did not.

    It happens now, within ``WEBHOOK_TIMEOUT_S``, and is tried once: somebody waits for what comes of it, and a thread
    of the web server with it, so a person has one at a time.  What it tells has an ``event`` that starts with
    ``test:``.  Nothing of it is kept.

    Raises: OpenTransaction when a transaction is open: nothing is called inside one.
    """
    with running_alone(f"{__name__}:{endpoint.user_id}") as is_alone:
        return _call(endpoint) if is_alone else _("The one before still waits for an answer.")


def _call(endpoint: WebhookEndpoint) -> str:
    page = page_address(_SETTINGS_PAGE)
    key = f"test-{uuid.uuid4().hex}"
    item = EnvelopeItem(
        notification_id=0,
        type=NotificationType.SYSTEM_UPDATE,
        event=f"test:{key}",
        subject=_("A test: this is how your system is called."),
        body="",
        page=page,
        signed_page=page,
        unsubscribe_page=page,
        created_at=clock.now(),
        expires_at=None,
    )
    channel = DeliveryChannel.WEBHOOK
    envelope = Envelope(key, channel, endpoint.url, endpoint.user.get_username(), (item,), endpoint.secret)
    try:
        adapter_for(channel).send(envelope)
    except DeliveryFailed as failure:
        return str(failure)
    return ""
