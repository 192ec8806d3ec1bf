"""Lock, then read: every transition acts on what was read under the lock.

The fixed order is parents before children (``Workflow.locks_first``), and within one model by id.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from workflows.errors import ObjectGone, StaleState
from workflows.memory import adopt

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = ["ClockTimestamp", "lock_and_read", "lock_out"]


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


def read_clock() -> datetime.datetime:
    """Return the database's clock at this very moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime.datetime = cursor.fetchone()[0]
    return now
