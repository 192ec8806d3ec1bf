"""What every part of the demo market needs at hand: the agenda, chance, and the people who act.

Each lead, provider and offer is one object in memory, which all its transitions are called on.  What it holds is
true without asking the database again, but for offers that ended with their lead: ``OfferLife`` forgets those.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from backend.procompare.demo.agenda import Agenda
from backend.procompare.demo.chance import Random
from backend.users.models import ProviderProfile, User
from workflows import Actor, Channel, SystemActor, acting

__all__ = ["DEMO", "TIMER", "Stage"]

DEMO = SystemActor("demo")
TIMER = SystemActor("timer")


@dataclass(frozen=True, slots=True)
class Stage:
    """``staff`` has one user for each role; ``providers`` and their ``owners`` are by the provider's id."""

    agenda: Agenda
    chance: Random
    staff: Mapping[str, User]
    providers: dict[int, ProviderProfile] = field(default_factory=dict)
    owners: dict[int, User] = field(default_factory=dict)

    def on(self, channel: Channel, *, by: Actor | None = None) -> AbstractContextManager[object]:
        """Say over which channel what happens inside comes in: one request each, with an id that repeats."""
        return acting(by=by, channel=channel, request_id=f"{self.chance.getrandbits(128):032x}")
