"""One attempt at a transition: what guards and the log are told about it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.actors import Actor, Channel

__all__ = ["Attempt"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries which transition, when, how, with which arguments.

    ``now`` is the database's clock as read with the lock.  ``arguments`` holds what was given and the
    defaults of what was not; an argument that is still open (when explaining) is missing from it.
    """

    transition: str
    by: Actor
    now: datetime.datetime
    channel: Channel
    request_id: str
    arguments: Mapping[str, Any]
