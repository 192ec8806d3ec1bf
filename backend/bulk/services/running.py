"""Run the transition on the objects of a slice: together where it can be, in a transaction with what became of them.

A worker that dies at any instant leaves each object either moved and recorded, or as it was and waiting: the job is
handed out again and goes on.  The items' rows are locked first, so that no object has its turn twice; an item that
somebody else holds is passed over.

Objects whose transition has a body for many are taken in batches.  Where a batch fails, all of it is taken back, and
its objects are taken one after the other: the one at fault is recorded as failed, the others go on.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import F, QuerySet

from backend.bulk.choices import Outcome
from backend.bulk.machines import decode_arguments
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.rights import START, find_missing_right, read_starter
from backend.bulk.services.judging import BULK
from backend.bulk.services.slices import RUN_TOGETHER
from workflows import (
    Channel,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRefused,
    WorkflowModel,
    acting,
    clock,
    run_together,
)
from workflows.conflicts import retrying
from workflows.together import Outcomes, bare, has_body_for_many

__all__ = ["finish_if_done", "run_slice"]

logger = logging.getLogger(__name__)

MESSAGE_LENGTH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Work:
    """What is run on each object."""

    run: BulkRun
    model: type[WorkflowModel]
    arguments: Mapping[str, Any]

    @property
    def taken_together(self) -> int:
        """Return how many objects are taken in one transaction."""
        return RUN_TOGETHER if has_body_for_many(self.model, self.run.transition_name) else 1


class _Turn(enum.Enum):
    TAKEN = enum.auto()
    PASSED = enum.auto()
    RUN_IS_OVER = enum.auto()


class _RightLost(Exception):
    """Who started the run may not go on."""


def run_slice(run_id: int, *, first: int, last: int) -> None:
    """Give every object of a slice that waits its turn, as long as the run is running; then end it if it is done.

    Raises: django.db.Error when the database is gone: the job is tried again.
    """
    run = BulkRun.objects.get(pk=run_id)
    if run.status != BulkRun.Status.RUNNING:
        return
    work = _Work(run, run.model, decode_arguments(run.model, run.transition_name, run.arguments))
    waiting = run.items.filter(outcome=Outcome.WAITING, id__range=(first, last))
    keys = list(waiting.order_by("id").values_list("id", flat=True))
    try:
        for turn in _take_all(work, keys):
            if turn is _Turn.RUN_IS_OVER:
                return
    except _RightLost as lost:
        _stop(run, str(lost))
        return
    finish_if_done(run)


def finish_if_done(run: BulkRun) -> None:
    """End a run of which no object waits, unless somebody was first."""
    if run.items.filter(outcome=Outcome.WAITING).exists():
        return
    try:
        with acting(channel=Channel.BULK, request_id=run.request_id):
            run.finish(by=BULK)
    except TransitionNotPossible:
        logger.info("Bulk run %d is '%s' already", run.pk, run.status)


def _stop(run: BulkRun, reason: str) -> None:
    try:
        with acting(channel=Channel.BULK, request_id=run.request_id):
            run.stop(by=BULK, reason=reason)
    except TransitionNotPossible:
        logger.info("Bulk run %d is '%s' already", run.pk, run.status)


def _take_all(work: _Work, keys: Sequence[int]) -> Iterator[_Turn]:
    """Give objects their turns, batch by batch; a batch that fails is taken one after the other."""
    size = work.taken_together
    for start in range(0, len(keys), size):
        batch = keys[start : start + size]
        if len(batch) > 1 and (turn := _try_batch(work, batch)) is not None:
            yield turn
        else:
            yield from (_take(work, key) for key in batch)


def _try_batch(work: _Work, keys: Sequence[int]) -> _Turn | None:
    """Give many their turn together; return None when an error came in the way: then nothing has changed.

    Raises: _RightLost when the run's starter may not go on; django.db.Error when the database is gone.
    """
    try:
        return _take_together(work, keys)
    except _RightLost:
        raise
    except Exception as error:  # recorded: which object it is because of, their own turns show
        if isinstance(error, Error) and not connection.is_usable():
            raise
        logger.warning("Bulk run %d takes %d objects apart", work.run.pk, len(keys), exc_info=error)
        return None


def _take(work: _Work, key: int) -> _Turn:
    """Give one object its turn; an error is recorded as its outcome.

    Raises: _RightLost when the run's starter may not go on; django.db.Error when the database is gone.
    """
    try:
        return _take_together(work, [key])
    except _RightLost:
        raise
    except Exception as error:  # recorded: an error in one object is not to keep the run from the others
        if isinstance(error, Error) and not connection.is_usable():
            raise
        return _record_failure(work, key, error)


def _take_together(work: _Work, keys: Sequence[int]) -> _Turn:
    """Give objects their turn in one transaction; a deadlock is tried again."""

    def take() -> _Turn:
        with transaction.atomic():
            return _take_locked(work, keys)

    return retrying(take)


def _take_locked(work: _Work, keys: Sequence[int]) -> _Turn:
    items = list(_waiting(work, keys))
    if not items:
        return _Turn.PASSED
    if items[0].run.status != BulkRun.Status.RUNNING:
        return _Turn.RUN_IS_OVER
    starter = read_starter(work.run)
    outcomes = _run_transition(work, [item.object_id for item in items], starter)
    is_forbidden = any(isinstance(refused, TransitionForbidden) for refused in outcomes.values())
    # Perhaps only these objects are not theirs; perhaps they may nothing of this any more.
    if is_forbidden and (missing := find_missing_right(work.run, starter)):
        raise _RightLost(missing)
    _record_outcomes(items, outcomes)
    return _Turn.TAKEN


def _waiting(work: _Work, keys: Sequence[int]) -> QuerySet[BulkItem]:
    """Return the items that wait and nobody holds, with their run as it is now; their rows are locked."""
    rows = BulkItem.objects.select_related("run").filter(pk__in=keys, run=work.run, outcome=Outcome.WAITING)
    return rows.order_by("pk").select_for_update(of=("self",), skip_locked=True)


def _run_transition(work: _Work, object_ids: Sequence[int], starter: Any) -> Outcomes:
    """Run it as who started the run: the engine locks the objects, and asks for the right and every guard of each."""
    if not starter.has_perm(START):
        raise _RightLost(find_missing_right(work.run, starter))
    name = work.run.transition_name
    with acting(by=starter, channel=Channel.BULK, request_id=work.run.request_id):
        if len(object_ids) > 1:
            return run_together(work.model, name, object_ids, by=starter, **work.arguments)
        (key,) = object_ids
        try:
            getattr(bare(work.model, key), name)(by=starter, **work.arguments)
        except TransitionRefused as refused:
            return {key: refused}
        return {key: None}


def _record_outcomes(items: Sequence[BulkItem], outcomes: Outcomes) -> None:
    """Note what became of objects; those that stay for the same reason with one statement."""
    alike: dict[tuple[Outcome, str, str], list[int]] = {}
    for item in items:
        refused = outcomes[item.object_id]
        kind = (Outcome.MOVED, "", "") if refused is None else (Outcome.STAYS, *_why(refused))
        alike.setdefault(kind, []).append(item.pk)
    for (outcome, reason, message), keys in alike.items():
        _record(keys, outcome, reason=reason, message=message)


def _why(refused: TransitionRefused) -> tuple[str, str]:
    """Return the reason for a refusal, as all have it that are refused alike, and in words."""
    is_blocked = not isinstance(refused, TransitionNotPossible)
    reason = "+".join(check.code for check in refused.reasons)
    if not is_blocked:
        reason = f"{refused.code}:{refused.state}"
    message = " ".join(check.message for check in refused.reasons) if is_blocked else str(refused)
    return reason[:200], message


def _record(keys: Sequence[int], outcome: Outcome, *, reason: str = "", message: str = "") -> None:
    BulkItem.objects.filter(pk__in=keys).update(
        outcome=outcome, reason=reason, message=message, attempts=F("attempts") + 1, done_at=clock.now()
    )


def _record_failure(work: _Work, key: int, error: Exception) -> _Turn:
    """Note an error as what became of an object, in a transaction of its own: that of the object is rolled back."""
    logger.error("Bulk run %d failed at item %d", work.run.pk, key, exc_info=error)
    with transaction.atomic():
        if not _waiting(work, [key]):
            return _Turn.PASSED
        name = type(error).__name__
        message = f"{name}: {error}".replace("\0", "")[:MESSAGE_LENGTH_MAX]
        _record([key], Outcome.FAILED, reason=name[:200], message=message)
    return _Turn.TAKEN
