"""Which addresses a webhook may have."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

__all__ = ["is_loopback", "validate_webhook_url"]


def validate_webhook_url(url: str) -> None:
    """Raise: ValidationError unless the address is an ``https`` one without login.

    Where ``WEBHOOK_LOOPBACK_ALLOWED`` is set (a trial, a test), ``http`` to this machine will do too.  To which
    address a name resolves is looked at when it is called: it may change at any time.
    """
    URLValidator(schemes=["http", "https"])(url)
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValidationError(_("Leave the login out of the address."), code="login_in_address")
    if parts.scheme == "https":
        return
    if not (settings.WEBHOOK_LOOPBACK_ALLOWED and is_loopback(parts.hostname or "")):
        raise ValidationError(_("Use an address that starts with https://."), code="not_https")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its literal name; nothing is resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
