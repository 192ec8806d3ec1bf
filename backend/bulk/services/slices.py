"""A run's objects in slices: each is a job, so that any number of workers share the run and none holds it for long.

A slice is named by the first and the last of its items.  A job that comes twice finds what is done done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backend.bulk.choices import Outcome, Outlook
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.selectors import Consents, list_forecast
from backend.jobs.queue import enqueue_many
from workflows import clock
from workflows.together import has_body_for_many

__all__ = [
    "JUDGE",
    "RUN",
    "RUN_TOGETHER",
    "enqueue_unseen",
    "enqueue_waiting",
    "reset",
    "settle_those_that_stay",
]

JUDGE, RUN = "bulk.judge_slice", "bulk.run_slice"
# Some tenths of a second of work each: more urgent jobs get in between, and little is waited for at an end.
JUDGED_TOGETHER = 200
RUN_IN_TURN = 25
# Where many run the transition together a slice is a transaction: what they have in common is done once for them, and
# whoever wants a row that it has locked (a provider's) waits some tenths of a second.
RUN_TOGETHER = 50


def enqueue_unseen(run: BulkRun) -> None:
    """Have every object looked at that nobody has looked at."""
    keys = run.items.filter(outlook=Outlook.UNKNOWN).order_by("id").values_list("id", flat=True)
    enqueue_many(JUDGE, _slices(run, keys, size=JUDGED_TOGETHER))


def enqueue_waiting(run: BulkRun) -> None:
    """Have the transition run on every object that waits; with none, one job ends the run."""
    keys = run.items.filter(outcome=Outcome.WAITING).order_by("id").values_list("id", flat=True)
    size = RUN_TOGETHER if has_body_for_many(run.model, run.transition_name) else RUN_IN_TURN
    enqueue_many(RUN, _slices(run, keys, size=size))


def settle_those_that_stay(run: BulkRun) -> None:
    """Leave alone what would not move with what the run is given: those were shown to stay."""
    given: Consents = frozenset(name for name, value in run.arguments.items() if value is True)
    for group in list_forecast(run):
        if not group.moves_with(given):
            same = run.items.filter(outlook=group.outlook, reason=group.reason, lifted_by=group.lifted_by)
            same.update(outcome=Outcome.STAYS, done_at=clock.now())


def reset(run: BulkRun, outcome: Outcome) -> None:
    """Have every object with an outcome wait for its turn again."""
    BulkItem.objects.filter(run=run, outcome=outcome).update(
        outcome=Outcome.WAITING, reason="", message="", done_at=None
    )


def _slices(run: BulkRun, keys: Iterable[int], *, size: int) -> Iterator[dict[str, int]]:
    ordered = list(keys)
    if not ordered:
        yield {"run_id": run.pk, "first": 0, "last": 0}
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        yield {"run_id": run.pk, "first": part[0], "last": part[-1]}
