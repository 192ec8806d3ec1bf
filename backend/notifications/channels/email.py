"""E-mail, through Django's back ends: text and HTML, one message for one notification or for a whole digest."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from backend.notifications.channels.adapter import require_no_transaction
from backend.notifications.channels.deadline import deadline
from backend.notifications.channels.envelope import Envelope
from backend.notifications.errors import DeliveryFailed

__all__ = ["EmailChannel", "compose_email"]

SERVICE_NOT_AVAILABLE = 421


class EmailChannel:
    """Sends through ``settings.EMAIL_BACKEND``, within ``settings.EMAIL_DEADLINE_S`` in all (see bounded_smtp)."""

    def send(self, envelope: Envelope) -> None:
        """Send one message.

        Raises: DeliveryFailed when the server has not taken it; for good when it refuses the recipient or the text.
        """
        require_no_transaction(envelope.channel)
        _require_address(envelope.address)
        try:
            with deadline(settings.EMAIL_DEADLINE_S):
                compose_email(envelope).send()
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise _refusal(code, reply) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            # No connection, no login, no sender: the next message would fare no better.
            raise DeliveryFailed(f"The mail server failed: {type(error).__name__}: {error}") from error


def compose_email(envelope: Envelope) -> EmailMultiAlternatives:
    """Return the message.  Its Message-ID is made of the key: a repeat can be told by it."""
    subject = _subject(envelope)
    context = {"envelope": envelope, "subject": subject}
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("notifications/email.txt", context),
        to=[envelope.address],
        headers=_headers(envelope),
    )
    message.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return message


def _require_address(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        raise DeliveryFailed("Not an e-mail address.", is_permanent=True, is_of_receiver=False) from error


def _subject(envelope: Envelope) -> str:
    """Return one line: a line break would begin another header."""
    if len(envelope.items) > 1:
        return _("%(count)d news from ProCompare") % {"count": len(envelope.items)}
    return " ".join(envelope.first.subject.split())


def _headers(envelope: Envelope) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {"Message-ID": f"<{envelope.key}@{domain}>", "Auto-Submitted": "auto-generated"}
    addresses = {item.unsubscribe_page for item in envelope.items}
    if len(addresses) == 1:
        # RFC 8058: the mail program ends it with one POST.  (A digest of several types has a link for each below.)
        headers["List-Unsubscribe"] = f"<{addresses.pop()}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _refusal(code: int, reply: Any) -> DeliveryFailed:
    """Return the failure for what the server said of this one message (RFC 5321: 5xx is for good)."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return DeliveryFailed(
        f"The mail server answered {code} {text}",
        is_permanent=code >= 500,
        is_of_receiver=code == SERVICE_NOT_AVAILABLE,
    )
