"""Django's SMTP back end, with an end in all: a server that answers a byte at a time is cut off."""

from __future__ import annotations

import smtplib
import socket
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from backend.notifications.channels.deadline import watch_socket

__all__ = ["BoundedSmtpBackend"]


class _WatchedSmtp(smtplib.SMTP):
    def _get_socket(self, *args: Any) -> socket.socket:
        sock: socket.socket = super()._get_socket(*args)  # type: ignore[misc]  # smtplib's hook for subclasses
        watch_socket(sock)
        return sock


class _WatchedSmtpSsl(smtplib.SMTP_SSL, _WatchedSmtp):
    """Watched before it is wrapped in TLS: a handshake may be drawn out too."""


class BoundedSmtpBackend(EmailBackend):
    """Keeps to the deadline of ``EmailChannel`` as well as to the timeout of each step (``EMAIL_TIMEOUT``)."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the class of the connection, which can be cut."""
        return _WatchedSmtpSsl if self.use_ssl else _WatchedSmtp
