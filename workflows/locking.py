"""Lock, then read: every transition acts on what was read under the lock.

The fixed order is parents before children (``Workflow.locks_first``), and within one model by id.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.db import models

from workflows.errors import ObjectGone
from workflows.memory import adopt

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = ["ClockTimestamp", "lock_and_read"]


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
    held = {name: _hold_parent(instance, name, parents) for name in instance.Workflow.locks_first}
    fresh, now = _lock_row(instance, call)
    adopt(instance, fresh)
    for name, parent in held.items():
        setattr(instance, name, parent)
    return now


def _hold_parent(instance: WorkflowModel, name: str, parents: Sequence[WorkflowModel]) -> models.Model:
    field: Any = instance._meta.get_field(name)
    key = getattr(instance, field.attname)
    for parent in parents:
        is_its_parent = isinstance(parent, field.related_model) and parent.pk == key
        if is_its_parent:
            return parent
    rows = field.related_model._base_manager.select_for_update(no_key=True)
    return cast(models.Model, rows.get(pk=key))


def _lock_row(instance: WorkflowModel, call: str) -> tuple[WorkflowModel, datetime.datetime]:
    """Lock without barring foreign keys to the row (``FOR NO KEY UPDATE``): children may be inserted meanwhile.

    Rows read along are locked as well: after a wait, PostgreSQL re-reads locked rows only.
    """
    along = instance.Workflow.locks_along
    rows = type(instance)._base_manager.select_for_update(of=("self", *along), no_key=True)
    if along:
        rows = rows.select_related(*along)
    # Without the model's default ordering, which may join other tables.
    fresh = rows.annotate(locked_at=ClockTimestamp()).filter(pk=instance.pk).order_by().first()
    if fresh is None:
        raise ObjectGone(
            f"Cannot run '{call}' on {instance!r}: it does not exist any more.",
            instance=instance,
            transition=call,
            state="",
        )
    return fresh, fresh.locked_at
