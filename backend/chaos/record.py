"""What the clients asked for, and what the server acknowledged: from then on it must not be lost."""

from __future__ import annotations

import enum
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Attempt", "Outcome", "Record"]


class Outcome(enum.StrEnum):
    """What a client heard; the value is what the report calls it."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused with a reason"
    ERROR = "error of the server"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to run a transition, as its page showed the object: in the state ``source``.

    ``sequence`` is the number that its event has if it happens.  0: not known, because the server also acknowledges
    what an earlier click did (the pages of providers), or because there is no object before (a claim).
    ``object_id`` of a claim is the lead's, and ``claimer_id`` the provider's.
    """

    machine: str
    object_id: int
    transition: str
    source: str
    target: str
    sequence: int = 0
    claimer_id: int = 0

    def __str__(self) -> str:
        """Return how findings name it."""
        which = f" #{self.sequence}" if self.sequence else ""
        return f"{self.transition} of {self.machine} {self.object_id}{which}"


@dataclass
class Record:
    """Everything that clients asked for.  ``acknowledged_at`` has the instants (``time.time()``), in no order."""

    attempts: list[tuple[Attempt, Outcome]] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, attempt: Attempt, outcome: Outcome) -> None:
        """Note what came of an attempt."""
        with self._lock:
            self.attempts.append((attempt, outcome))
            if outcome is Outcome.ACKNOWLEDGED:
                self.acknowledged_at.append(time.time())

    def acknowledged(self) -> list[Attempt]:
        """Return what was acknowledged."""
        return [attempt for attempt, outcome in self.attempts if outcome is Outcome.ACKNOWLEDGED]

    def count_outcomes(self) -> Counter[Outcome]:
        """Return how many attempts ended in each way."""
        return Counter(outcome for _attempt, outcome in self.attempts)
