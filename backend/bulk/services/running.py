"""Run the transition on the objects of a slice, each in a transaction of its own together with what became of it.

A worker that dies at any instant leaves each object either moved and recorded, or as it was and waiting: the job is
handed out again and goes on.  The item's row is locked first, so that no object has its turn twice; an item that
somebody else holds is passed over.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import QuerySet

from backend.bulk.choices import Outcome
from backend.bulk.machines import decode_arguments
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.rights import START, find_missing_right, read_starter
from backend.bulk.services.judging import BULK
from workflows import (
    Channel,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRefused,
    WorkflowModel,
    acting,
    clock,
)
from workflows.conflicts import is_conflict

__all__ = ["finish_if_done", "run_slice"]

logger = logging.getLogger(__name__)

TRIES_MAX = 4
MESSAGE_LENGTH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Work:
    """What is run on each object."""

    run: BulkRun
    model: type[WorkflowModel]
    arguments: Mapping[str, Any]


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
    # The seam for sets: what follows takes one object after the other.
    for key in list(waiting.order_by("id").values_list("id", flat=True)):
        try:
            if _take(work, key) is _Turn.RUN_IS_OVER:
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


def _take(work: _Work, key: int) -> _Turn:
    """Give one object its turn; a deadlock is tried again, any other error is recorded as its outcome.

    Raises: _RightLost when its starter may not go on; django.db.Error when the database is gone.
    """
    for tries_left in reversed(range(TRIES_MAX)):
        try:
            with transaction.atomic():
                return _take_locked(work, key)
        except _RightLost:
            raise
        except Error as error:
            if not connection.is_usable():
                raise
            if tries_left and is_conflict(error):
                continue
            return _record_failure(work, key, error)
        except Exception as error:  # recorded: an error in one object is not to keep the run from the others
            return _record_failure(work, key, error)
    raise AssertionError("the last try returns or raises")


def _take_locked(work: _Work, key: int) -> _Turn:
    item = _waiting(work, key).first()
    if item is None:
        return _Turn.PASSED
    if item.run.status != BulkRun.Status.RUNNING:
        return _Turn.RUN_IS_OVER
    starter = read_starter(work.run)
    try:
        _run_transition(work, item, starter)
        _record(item, Outcome.MOVED)
    except TransitionForbidden as refused:
        # Perhaps only this object is not theirs; perhaps they may nothing of this any more.
        if missing := find_missing_right(work.run, starter):
            raise _RightLost(missing) from refused
        _record_refusal(item, refused)
    except TransitionRefused as refused:
        _record_refusal(item, refused)
    return _Turn.TAKEN


def _waiting(work: _Work, key: int) -> QuerySet[BulkItem]:
    """Return the item if it waits and nobody holds it, with its run as it is now; its row is locked."""
    rows = BulkItem.objects.select_related("run").filter(pk=key, run=work.run, outcome=Outcome.WAITING)
    return rows.select_for_update(of=("self",), skip_locked=True)


def _run_transition(work: _Work, item: BulkItem, starter: Any) -> None:
    """Run it as who started the run: the engine locks the object, and asks for the right and every guard."""
    if not starter.has_perm(START):
        raise _RightLost(find_missing_right(work.run, starter))
    instance = _bare(work.model, item.object_id)
    with acting(by=starter, channel=Channel.BULK, request_id=work.run.request_id):
        getattr(instance, work.run.transition_name)(by=starter, **work.arguments)


def _bare(model: type[WorkflowModel], key: int) -> WorkflowModel:
    """Return an object for the engine to fill: it reads the row under the lock in any case.

    Where parents are locked first, their keys must be known before.
    """
    if model.Workflow.locks_first:
        found: WorkflowModel | None = model._base_manager.filter(pk=key).first()
        if found is not None:
            return found
    instance = model()
    instance.pk = key
    instance._state.adding = False
    return instance


def _record_refusal(item: BulkItem, refused: TransitionRefused) -> None:
    is_blocked = not isinstance(refused, TransitionNotPossible)
    reason = "+".join(check.code for check in refused.reasons)
    if not is_blocked:
        reason = f"{refused.code}:{refused.state}"
    message = " ".join(check.message for check in refused.reasons) if is_blocked else str(refused)
    _record(item, Outcome.STAYS, reason=reason[:200], message=message)


def _record(item: BulkItem, outcome: Outcome, *, reason: str = "", message: str = "") -> None:
    BulkItem.objects.filter(pk=item.pk).update(
        outcome=outcome, reason=reason, message=message, attempts=item.attempts + 1, done_at=clock.now()
    )


def _record_failure(work: _Work, key: int, error: Exception) -> _Turn:
    """Note an error as what became of an object, in a transaction of its own: that of the object is rolled back."""
    logger.error("Bulk run %d failed at item %d", work.run.pk, key, exc_info=error)
    with transaction.atomic():
        item = _waiting(work, key).first()
        if item is None:
            return _Turn.PASSED
        name = type(error).__name__
        message = f"{name}: {error}".replace("\0", "")[:MESSAGE_LENGTH_MAX]
        _record(item, Outcome.FAILED, reason=name[:200], message=message)
    return _Turn.TAKEN
