"""What every part of the demo market needs at hand: the agenda, chance, and the people who act."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from backend.procompare.demo.agenda import Agenda
from backend.procompare.demo.chance import Random
from backend.users.models import User
from workflows import Actor, Channel, SystemActor, acting

__all__ = ["DEMO", "TIMER", "Stage"]

DEMO = SystemActor("demo")
TIMER = SystemActor("timer")


@dataclass(frozen=True, slots=True)
class Stage:
    """``staff`` has one user for each role, ``users`` everybody who owns a provider, by the provider's id."""

    agenda: Agenda
    chance: Random
    staff: Mapping[str, User]
    users: dict[int, User]

    def on(self, channel: Channel, *, by: Actor | None = None) -> AbstractContextManager[object]:
        """Say over which channel what happens inside comes in: one request each, with an id that repeats."""
        return acting(by=by, channel=channel, request_id=f"{self.chance.getrandbits(128):032x}")
