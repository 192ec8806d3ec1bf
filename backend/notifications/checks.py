"""What ``manage.py check --deploy`` says of the ways out: in production nothing is to be sent to nowhere unnoticed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

__all__ = ["check_ways_out"]


@register(Tags.security, deploy=True)
def check_ways_out(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of e-mails and SMS that would only be written down."""
    found: list[CheckMessage] = []
    if not settings.EMAIL_HOST:
        found.append(
            Warning(
                "No mail server is named: e-mails are written into files and reach nobody.",
                hint="Set EMAIL_HOST, and EMAIL_HOST_USER, EMAIL_HOST_PASSWORD where it asks for them.",
                id="notifications.W001",
            )
        )
    if not settings.SMS_GATEWAY["url"]:
        found.append(
            Warning(
                "No SMS gateway is named: the worker prints the texts, and they reach nobody.",
                hint="Set SMS_GATEWAY_URL and SMS_GATEWAY_TOKEN, or take SMS out of DELIVERY_ADAPTERS.",
                id="notifications.W002",
            )
        )
    return found
