"""The audit log: what is written of every transition and creation.

Rows of one outermost transition are collected and written together in two statements: a ``StateLog`` row of
django-fsm-log, and beside it a ``TransitionRecord`` with what that lacks.  The database adds the link of the
hash chain (``workflows.hash_chain``).
"""

from __future__ import annotations

import contextlib
import datetime
import enum
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django_fsm_log.models import StateLog

from workflows.actors import Actor, SystemActor, actor_key

if TYPE_CHECKING:
    from workflows.models import TransitionRecord, WorkflowModel

__all__ = ["CREATION", "Entry", "LogBuffer", "collecting", "encode_arguments"]

NO_TIME = datetime.timedelta(0)
CREATION = "create"
"""Name under which the log keeps the creation of an object."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it will be written: ``source`` None and ``time_in_previous_state`` None for a creation."""

    instance: WorkflowModel
    sequence: int
    transition: str
    source: str | None
    target: str
    at: datetime.datetime
    actor: Actor
    channel: str
    request_id: str
    reason: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    time_in_previous_state: datetime.timedelta | None = None


class _Mark:
    """Stands in the queue of what runs after the commit, and does nothing there."""

    def __call__(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class LogBuffer:
    """The entries of one outermost transition, in the order in which they happened."""

    entries: list[Entry] = field(default_factory=list)
    _marks: list[_Mark] = field(default_factory=list)

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries.  They are dropped with the savepoint in which they happened, should that be rolled back.

        Django forgets the callbacks of a savepoint that is rolled back: whose mark is gone never happened.
        """
        for entry in entries:
            mark = _Mark()
            transaction.on_commit(mark)
            self.entries.append(entry)
            self._marks.append(mark)

    def take_back(self, size: int) -> None:
        """Drop what was added after there were ``size`` entries."""
        del self.entries[size:], self._marks[size:]

    def write(self) -> None:
        """Insert all entries: two statements, however many there are."""
        from workflows.models import TransitionRecord

        standing = {id(waiting[1]) for waiting in connection.run_on_commit}
        entries = [e for e, mark in zip(self.entries, self._marks, strict=True) if id(mark) in standing]
        if not entries:
            return
        logs = StateLog.objects.bulk_create([_state_log_of(entry) for entry in entries])
        TransitionRecord.objects.bulk_create(
            [_record_of(entry, log) for entry, log in zip(entries, logs, strict=True)]
        )


_buffer: ContextVar[LogBuffer | None] = ContextVar("workflows_log_buffer", default=None)


@contextlib.contextmanager
def collecting() -> Iterator[LogBuffer]:
    """Collect entries; the outermost block writes them at its end, an inner one that fails takes its own back.

    Enter it inside ``transaction.atomic()``: what is logged commits with what happened.
    """
    enclosing = _buffer.get()
    if enclosing is not None:
        mark = len(enclosing.entries)
        try:
            yield enclosing
        except BaseException:
            enclosing.take_back(mark)
            raise
        return
    buffer = LogBuffer()
    token = _buffer.set(buffer)
    try:
        yield buffer
        buffer.write()
    finally:
        _buffer.reset(token)


def encode_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as JSON can hold them: objects as ``{"model", "pk"}``, the rest as numbers and texts."""
    return {name: _encode(value) for name, value in arguments.items()}


def _encode(value: Any) -> Any:
    if isinstance(value, models.Model):
        return {"model": value._meta.label_lower, "pk": value.pk}
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    return str(value)


def _state_log_of(entry: Entry) -> StateLog:
    return StateLog(
        timestamp=entry.at,
        by=None if isinstance(entry.actor, SystemActor) else cast(Any, entry.actor),
        source_state=entry.source,
        state=entry.target,
        transition=entry.transition,
        content_type=ContentType.objects.get_for_model(entry.instance),
        object_id=entry.instance.pk,
        description=entry.reason or None,
    )


def _record_of(entry: Entry, log: StateLog) -> TransitionRecord:
    from workflows.models import TransitionRecord

    return TransitionRecord(
        log=log,
        machine=entry.instance.machine_label(),
        object_id=entry.instance.pk,
        sequence=entry.sequence,
        actor=actor_key(entry.actor),
        channel=entry.channel,
        request_id=entry.request_id,
        reason=entry.reason,
        arguments=dict(entry.arguments),
        time_in_previous_state=entry.time_in_previous_state,
    )
