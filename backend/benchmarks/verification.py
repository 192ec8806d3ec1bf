"""One verification, as the benchmarks have it done: who does it, when, and the call."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.contrib.auth.models import Permission

from backend.leads.models import Lead
from backend.users.models import User
from workflows import Channel, acting

__all__ = ["NOON", "make_verifier", "verification"]

NOON = datetime.datetime(2025, 6, 11, 12, tzinfo=datetime.UTC)
"""A Wednesday: offices are open."""


def make_verifier() -> User:
    """Return somebody who may verify leads; the same one when asked again."""
    verifier, _is_new = User.objects.get_or_create(username="benchmark-verifier", defaults={"is_staff": True})
    verifier.user_permissions.set(Permission.objects.filter(codename="verify_lead"))
    return verifier


def verification(lead: Lead, verifier: User) -> Callable[[], None]:
    """Return the call that verifies the lead."""

    def verify() -> None:
        with acting(by=verifier, channel=Channel.ADMIN):
            lead.verify(by=verifier)

    return verify
