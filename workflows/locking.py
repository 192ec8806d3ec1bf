"""Lock, then read: every transition acts on what was read under the lock.

The fixed order is parents before children (``Workflow.locks_first``), and within one model by id.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from workflows.errors import ObjectGone, StaleState, TransitionRefused
from workflows.memory import adopt

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = ["ClockTimestamp", "Locked", "lock_and_read", "lock_and_read_many", "lock_out"]


class ClockTimestamp(models.Func):
    """The database's clock at this very moment (``now()`` would be the start of the transaction)."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()


def lock_and_read(
    instance: WorkflowModel, *, parents: Sequence[WorkflowModel], call: str
) -> datetime.datetime:
    """Lock the object's row, its parents' rows first, and make it hold what the rows hold; return the database's clock.

    ``parents`` are the objects of the transitions around this one: their rows are locked already, and the object
    is given them as they are, so that both bodies act on the same copies.

    Raises: ObjectGone when the row does not exist any more.
    """
    held = {name: _hold_parent(instance, name, parents, call) for name in instance.Workflow.locks_first}
    fresh, now = _lock_row(instance, call)
    for name, parent in held.items():
        _refuse_other_parent(fresh, name, parent, call)
    adopt(instance, fresh)
    for name, parent in held.items():
        setattr(instance, name, parent)
    return now


@dataclass(frozen=True, slots=True)
class Locked:
    """The objects of locked rows, in the order of their keys, why others are left out, and when all were locked."""

    instances: list[Any]
    refused: dict[int, TransitionRefused]
    now: datetime.datetime


def lock_and_read_many(
    model: type[WorkflowModel], keys: Collection[int], *, parents: Sequence[WorkflowModel], call: str
) -> Locked:
    """Lock the rows of many objects in the order of their keys, the rows of all their parents first, and read them.

    It waits for one row after the other: whoever took those first that are free could meet somebody who holds what
    it waits for, and waits for what it holds.
    """
    held = {name: _hold_parents(model, name, keys, parents) for name in model.Workflow.locks_first}
    rows = list(_rows(model, skip_locked=False).filter(pk__in=keys).order_by("pk"))
    refused: dict[int, TransitionRefused] = {key: _gone_key(model, key, call) for key in keys}
    locked = []
    for fresh in rows:
        del refused[fresh.pk]
        if (moved := _take_parents(fresh, held, call)) is None:
            locked.append(fresh)
        else:
            refused[fresh.pk] = moved
    return Locked(locked, refused, read_clock())


def lock_out(number: int) -> None:
    """Let one transaction at a time go on from here, under a number that nothing else locks: until its end.

    For what no row stands for, such as "the one that is in force".
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _hold_parent(
    instance: WorkflowModel, name: str, parents: Sequence[WorkflowModel], call: str
) -> models.Model:
    field: Any = instance._meta.get_field(name)
    key = getattr(instance, field.attname)
    for parent in parents:
        is_its_parent = isinstance(parent, field.related_model) and parent.pk == key
        if is_its_parent:
            return parent
    locked: models.Model | None = _first(_rows(field.related_model, skip_locked=False), key)
    if locked is None:
        raise _gone(instance, call)
    return locked


def _hold_parents(
    model: type[WorkflowModel], name: str, keys: Collection[int], parents: Sequence[WorkflowModel]
) -> dict[Any, models.Model]:
    """Lock the rows that objects name in a foreign key, in the order of their keys; return them by key."""
    field: Any = model._meta.get_field(name)
    wanted = set(model._base_manager.filter(pk__in=keys).values_list(field.attname, flat=True))
    held: dict[Any, models.Model] = {
        parent.pk: parent
        for parent in parents
        if isinstance(parent, field.related_model) and parent.pk in wanted
    }
    missing = wanted - held.keys()
    rows = _rows(field.related_model, skip_locked=False).filter(pk__in=missing).order_by("pk")
    return held | {parent.pk: parent for parent in rows}


def _take_parents(
    fresh: WorkflowModel, held: Mapping[str, Mapping[Any, models.Model]], call: str
) -> StaleState | None:
    """Give an object its parents as they are held; return why not, when it has got another one meanwhile."""
    for name, parents in held.items():
        field: Any = fresh._meta.get_field(name)
        parent = parents.get(getattr(fresh, field.attname))
        if parent is None:
            message = f"Cannot run '{call}' on {fresh!r}: its {name} was changed at that moment."
            return StaleState(message, instance=fresh, transition=call, state=fresh.state)
        setattr(fresh, name, parent)
    return None


def _refuse_other_parent(fresh: WorkflowModel, name: str, parent: models.Model, call: str) -> None:
    """Refuse an object whose caller has changed its parent without saving: another row would be locked."""
    field: Any = fresh._meta.get_field(name)
    if getattr(fresh, field.attname) != parent.pk:
        message = f"Cannot run '{call}' on {fresh!r}: its {name} was changed and not saved."
        raise StaleState(message, instance=fresh, transition=call, state=fresh.state)


def _lock_row(instance: WorkflowModel, call: str) -> tuple[WorkflowModel, datetime.datetime]:
    """Lock without barring foreign keys to the row (``FOR NO KEY UPDATE``): children may be inserted meanwhile.

    Rows read along are locked as well: after a wait, PostgreSQL re-reads locked rows only.
    """
    free = _first(_rows(type(instance), skip_locked=True), instance.pk)
    if free is not None:
        return free, free.locked_at
    # Somebody holds it.  The clock is read after the wait: in the statement that waits it would be from before.
    waited_for = _first(_rows(type(instance), skip_locked=False), instance.pk)
    if waited_for is None:
        raise _gone(instance, call)
    return waited_for, read_clock()


@functools.cache
def _rows(model: type[models.Model], *, skip_locked: bool) -> models.QuerySet[Any]:
    """Return the query that locks and reads a row, without its key: put together once for each model.

    Without the model's default ordering, which may join other tables.
    """
    along: tuple[str, ...] = getattr(getattr(model, "Workflow", None), "locks_along", ())
    rows: models.QuerySet[Any] = model._base_manager.order_by()
    if along:
        rows = rows.select_related(*along)
    if skip_locked:
        rows = rows.annotate(locked_at=ClockTimestamp())
    return rows.select_for_update(of=("self", *along), no_key=True, skip_locked=skip_locked)


def _first(rows: models.QuerySet[Any], key: Any) -> Any:
    return next(iter(rows.filter(pk=key)), None)


def _gone(instance: WorkflowModel, call: str) -> ObjectGone:
    message = f"Cannot run '{call}' on {instance!r}: it does not exist any more."
    return ObjectGone(message, instance=instance, transition=call, state="")


def _gone_key(model: type[WorkflowModel], key: int, call: str) -> ObjectGone:
    message = f"Cannot run '{call}' on {model._meta.verbose_name} {key}: it does not exist any more."
    return ObjectGone(message, instance=None, transition=call, state="")


def read_clock() -> datetime.datetime:
    """Return the database's clock at this very moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime.datetime = cursor.fetchone()[0]
    return now
