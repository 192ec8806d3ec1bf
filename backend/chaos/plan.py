"""What goes wrong, when and for how long: all of it drawn from the seed before anything is started."""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Fault", "FaultKind", "draw_plan"]


class FaultKind(enum.StrEnum):
    """What can go wrong; the value is what the report calls it."""

    KILL_WEB = "web server killed"
    KILL_WEB_PROCESS = "web process killed"
    STOP_WEB = "web server told to stop"
    PAUSE_WEB = "web server paused"
    KILL_WORKER = "worker killed"
    STOP_WORKER = "worker told to stop"
    PAUSE_WORKER = "worker paused"
    END_BACK_ENDS = "database connections ended"
    RESTART_DATABASE = "database restarted at once"
    CUT_OFF_DATABASE = "database out of reach"
    LOSE_COMMITS = "commits lost before they arrive"
    LOSE_COMMIT_ANSWERS = "commits whose answer is lost"
    REFUSE_MAIL = "mail server refuses"
    LOSE_MAIL_ANSWERS = "mail taken, answer lost"
    REFUSE_WEBHOOKS = "webhook receivers refuse"
    LOSE_WEBHOOK_ANSWERS = "webhook taken, answer lost"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    ``after_s`` is since the end of the one before.  ``lasts_s`` is 0 for what happens in an instant, ``count`` how
    many of them (connections, commits, answers), ``victim`` which of several (processes): taken modulo how many there
    are.
    """

    kind: FaultKind
    after_s: float
    lasts_s: float
    count: int
    victim: int


@dataclass(frozen=True, slots=True)
class _Row:
    weight: int
    lasts_s: tuple[float, float] = (0.0, 0.0)
    count: tuple[int, int] = (1, 1)


# The ambiguous commit is what nothing else tries, so it comes oftenest.
_TABLE = {
    FaultKind.KILL_WEB: _Row(1),
    FaultKind.KILL_WEB_PROCESS: _Row(2),
    FaultKind.STOP_WEB: _Row(1),
    FaultKind.PAUSE_WEB: _Row(1, lasts_s=(0.5, 5)),
    FaultKind.KILL_WORKER: _Row(2),
    FaultKind.STOP_WORKER: _Row(1),
    FaultKind.PAUSE_WORKER: _Row(2, lasts_s=(0.5, 5)),
    FaultKind.END_BACK_ENDS: _Row(2, count=(1, 6)),
    FaultKind.RESTART_DATABASE: _Row(2),
    FaultKind.CUT_OFF_DATABASE: _Row(1, lasts_s=(0.5, 2)),
    FaultKind.LOSE_COMMITS: _Row(2, count=(1, 4)),
    FaultKind.LOSE_COMMIT_ANSWERS: _Row(3, count=(2, 6)),
    FaultKind.REFUSE_MAIL: _Row(1, lasts_s=(0.5, 4)),
    FaultKind.LOSE_MAIL_ANSWERS: _Row(1, count=(1, 5)),
    FaultKind.REFUSE_WEBHOOKS: _Row(1, lasts_s=(0.5, 4)),
    FaultKind.LOSE_WEBHOOK_ANSWERS: _Row(1, count=(1, 5)),
}
# From the end of one fault to the next: long enough that most often things move in between, and not always.
_GAP_S = (0.5, 4.0)
_VICTIMS = 1000


def draw_plan(seconds: float, *, seed: int) -> tuple[Fault, ...]:
    """Return the faults of so many seconds, in their order; the same for the same arguments.

    On a slow machine they take longer, and the last ones find no time.
    """
    dice = random.Random(f"faults {seed}")  # noqa: S311  to be repeated, not to be secret
    plan, at_s = [], 0.0
    for kind in _shuffle_forever(dice):
        fault = _draw(kind, dice)
        at_s += fault.after_s + fault.lasts_s
        if at_s > seconds:
            break
        plan.append(fault)
    return tuple(plan)


def _draw(kind: FaultKind, dice: random.Random) -> Fault:
    row = _TABLE[kind]
    return Fault(
        kind,
        after_s=round(dice.uniform(*_GAP_S), 3),
        lasts_s=round(dice.uniform(*row.lasts_s), 3),
        count=dice.randint(*row.count),
        victim=dice.randrange(_VICTIMS),
    )


def _shuffle_forever(dice: random.Random) -> Iterator[FaultKind]:
    """Yield kinds as a deck of cards does, each as often in it as its weight: none stays away for long."""
    while True:
        deck = [kind for kind, row in _TABLE.items() for _card in range(row.weight)]
        dice.shuffle(deck)
        yield from deck
