"""Whether a notification still makes sense: asked right before it is sent.

Whoever produces a type says when it is over, in its ``AppConfig.ready``::

    relevance.register(NotificationType.LEAD_ASSIGNED, why_offer_is_gone)

A withdrawn offer is then not announced.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import Error
from django.utils.translation import gettext as _

from backend.jobs.failures import list_last_frames, name_error
from backend.notifications.models import Notification, NotificationType
from workflows import clock

__all__ = ["Check", "check", "register", "unregister"]

logger = logging.getLogger(__name__)

Check = Callable[[Notification], str]
"""Returns why a notification makes no sense any more; empty when it does.  It may ask the database."""

_checks: dict[str, list[Check]] = {}


def register(type_: NotificationType, check: Check) -> None:
    """Ask ``check`` of every notification of a type; registered twice it is asked once."""
    checks = _checks.setdefault(type_, [])
    if check not in checks:
        checks.append(check)


def unregister(type_: NotificationType, check: Check) -> None:
    """Ask no longer.  Raises: ValueError when it was not registered."""
    _checks.get(type_, []).remove(check)


def check(notification: Notification) -> str:
    """Return the first reason why a notification makes no sense any more; empty when it does."""
    if notification.expires_at is not None and notification.expires_at <= clock.now():
        return _("It expired before it could be sent.")
    reasons = (_ask(ask, notification) for ask in _checks.get(notification.type, ()))
    return next((reason for reason in reasons if reason), "")


def _ask(ask: Check, notification: Notification) -> str:
    """Ask one check.  One that is broken says nothing against: else what it is asked of would never be sent."""
    try:
        return ask(notification)
    except Error:  # of the database: the transaction is over, and what asks comes again
        raise
    except Exception as error:
        facts = (ask.__qualname__, notification.pk, name_error(error))
        logger.error("%s failed on notification %d: %s\n%s", *facts, "".join(list_last_frames(error)))
        return ""
