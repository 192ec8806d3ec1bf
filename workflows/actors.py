"""Who acts, over which channel: recorded with every change."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = [
    "SYSTEM_PREFIX",
    "USER_PREFIX",
    "Acting",
    "Actor",
    "Channel",
    "SystemActor",
    "acting",
    "actor_key",
    "current_acting",
]

# How the log begins the name of an actor.
SYSTEM_PREFIX = "system:"
USER_PREFIX = "user:"


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A part of the system that acts on its own, by name: ``SystemActor("timer")``."""

    name: str

    def __post_init__(self) -> None:
        """Raise: ValueError when the name is no plain word: the log holds it to that."""
        if not re.fullmatch(r"[a-z_]+", self.name):
            raise ValueError(f"Cannot act as {self.name!r}: a system actor is named by letters a–z and _.")

    def __str__(self) -> str:
        return self.name


Actor: TypeAlias = AbstractBaseUser | SystemActor


class Channel(models.TextChoices):
    """The way on which a change came in."""

    ADMIN = "admin", _("admin")
    API = "api", _("API")
    PAGE = "page", _("page")
    TIMER = "timer", _("timer")
    BULK = "bulk", _("bulk run")
    IMPORT = "import", _("import")
    COMMAND = "command", _("command")


@dataclass(frozen=True, slots=True)
class Acting:
    """The circumstances of a change: ``by`` None means that only the channel is known."""

    by: Actor | None
    channel: Channel
    request_id: str


_acting: ContextVar[Acting | None] = ContextVar("workflows_acting", default=None)


def current_acting() -> Acting:
    """Return the circumstances set by :func:`acting`; a command without an actor when there are none."""
    return _acting.get() or Acting(by=None, channel=Channel.COMMAND, request_id="")


@contextlib.contextmanager
def acting(*, by: Actor | None = None, channel: Channel, request_id: str = "") -> Iterator[Acting]:
    """Say who acts and how, for everything created and every transition run inside.

    ``request_id`` defaults to that of the enclosing block, else to a new one.
    """
    enclosing = _acting.get()
    inherited = enclosing.request_id if enclosing else uuid.uuid4().hex
    circumstances = Acting(by=by, channel=channel, request_id=request_id or inherited)
    token = _acting.set(circumstances)
    try:
        yield circumstances
    finally:
        _acting.reset(token)


def actor_key(actor: Actor) -> str:
    """Return how the log names an actor: ``user:7`` or ``system:timer``."""
    if isinstance(actor, SystemActor):
        return f"{SYSTEM_PREFIX}{actor.name}"
    return f"{USER_PREFIX}{actor.pk}"
