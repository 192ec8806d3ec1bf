"""Plan a run: fix its objects, and have each looked at; start it as it was confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from backend.bulk.models import BulkRun
from backend.bulk.services import judging, slices
from workflows import Channel, acting
from workflows.audit import encode_arguments

__all__ = ["OBJECTS_MAX", "SelectionTooLarge", "plan_run", "start_run"]

OBJECTS_MAX = 100_000
# So few are looked at while somebody waits for the page; more are a matter for workers.
JUDGED_AT_ONCE_MAX = 50


class SelectionTooLarge(Exception):
    """Cannot run a transition on … objects at once; at most …."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Cannot run a transition on {count} objects at once; at most {OBJECTS_MAX} are possible."
        )
        self.count = count


def plan_run(
    objects: QuerySet[Any], transition: str, *, starter: Any, selection: str, selection_url: str
) -> BulkRun:
    """Fix the objects of a run and look at them, at once where they are few; nothing of them changes.

    Raises: SelectionTooLarge when there are more than ``OBJECTS_MAX``: no run is planned.
    """
    with transaction.atomic(), acting(by=starter, channel=Channel.ADMIN):
        run = BulkRun(
            machine=objects.model.machine_label(),
            transition_name=transition,
            starter=starter,
            selection=selection,
            selection_url=selection_url,
        )
        run.save()
        run.total = _fix_objects(run, objects)
        if run.total > OBJECTS_MAX:
            raise SelectionTooLarge(run.total)
        run.save(update_fields=["total"])
        if run.total > JUDGED_AT_ONCE_MAX:
            slices.enqueue_unseen(run)
        else:
            judging.judge_slice(run.pk)
            run.refresh_from_db()
    return run


def start_run(run: BulkRun, *, by: Any, arguments: Mapping[str, Any]) -> None:
    """Start a run with arguments for all its objects.

    Raises: workflows.TransitionRefused when it may not start: nothing has changed.
    """
    with transaction.atomic():
        BulkRun.objects.filter(pk=run.pk, status=BulkRun.Status.PLANNED).update(
            arguments=encode_arguments(arguments)
        )
        run.start(by=by)


def _fix_objects(run: BulkRun, objects: QuerySet[Any]) -> int:
    """Write an item for each object in one statement, whatever their number; return how many there are."""
    sql, parameters = objects.order_by().values_list("pk").distinct().query.sql_with_params()
    insert = (
        f"INSERT INTO bulk_bulkitem (run_id, object_id) SELECT %s, id FROM ({sql}) AS chosen (id) ORDER BY id"  # noqa: S608  Django's own SQL
    )
    with connection.cursor() as cursor:
        cursor.execute(insert, [run.pk, *parameters])
        return int(cursor.rowcount)
