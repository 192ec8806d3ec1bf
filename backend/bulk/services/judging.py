"""The dry run: what would become of each object, asked of the machine itself; nothing changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from backend.bulk.choices import Outlook
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.rights import read_starter
from workflows import (
    Availability,
    Channel,
    Explanation,
    SystemActor,
    TransitionNotPossible,
    WorkflowModel,
    acting,
    explain_one,
    machine_of,
)

__all__ = ["BULK", "judge_slice"]

logger = logging.getLogger(__name__)

BULK = SystemActor("bulk")


@dataclass(frozen=True, slots=True)
class _Verdict:
    outlook: Outlook
    reason: str = ""
    message: str = ""
    lifted_by: str = ""


def judge_slice(run_id: int, *, first: int | None = None, last: int | None = None) -> None:
    """Look at the objects of a slice (None: from the first, to the last) that nobody has looked at.

    Whoever looks at the last one presents the run.
    """
    run = BulkRun.objects.get(pk=run_id)
    if run.status != BulkRun.Status.PLANNING:
        return
    with transaction.atomic():
        unseen = run.items.filter(outlook=Outlook.UNKNOWN).order_by("id")
        if first is not None:
            unseen = unseen.filter(id__range=(first, last))
        _judge(run, list(unseen.select_for_update(of=("self",), skip_locked=True)))
    if not run.items.filter(outlook=Outlook.UNKNOWN).exists():
        _present(run)


def _judge(run: BulkRun, items: list[BulkItem]) -> None:
    model, starter = run.model, read_starter(run)
    # Guards look at what an object points to: read along, it costs no statement for each.
    forward = [f.name for f in model._meta.concrete_fields if isinstance(f, ForeignKey) and not f.null]
    objects = model._base_manager.select_related(*forward) if forward else model._base_manager.all()
    found = objects.in_bulk([item.object_id for item in items])
    with acting(by=starter, channel=Channel.BULK, request_id=run.request_id):
        for item in items:
            verdict = _verdict_on(found.get(item.object_id), run.transition_name, starter)
            item.outlook, item.reason = verdict.outlook, verdict.reason
            item.message, item.lifted_by = verdict.message, verdict.lifted_by
    BulkItem.objects.bulk_update(items, ["outlook", "reason", "message", "lifted_by"], batch_size=500)


def _verdict_on(instance: WorkflowModel | None, name: str, starter: Any) -> _Verdict:
    if instance is None:
        return _Verdict(Outlook.STAYS, "gone", _("It does not exist any more."))
    try:
        explanation = explain_one(instance, name, by=starter)
    except Exception:  # recorded: an error in one object is not to keep the run from the others
        logger.exception("Cannot judge '%s' on %s %s", name, instance.machine_label(), instance.pk)
        return _Verdict(Outlook.STAYS, "error", _("It could not be looked at: an error came in the way."))
    if explanation is None:
        return _not_possible(instance)
    return _verdict_of(explanation)


def _not_possible(instance: WorkflowModel) -> _Verdict:
    label = machine_of(type(instance)).state(instance.state).label
    reason = f"{TransitionNotPossible.code}:{instance.state}"
    return _Verdict(Outlook.STAYS, reason, _("Not possible from “%s”.") % label)


def _verdict_of(explanation: Explanation) -> _Verdict:
    if explanation.availability is Availability.AVAILABLE:
        return _Verdict(Outlook.MOVES)
    failed = explanation.failed
    lifted_by = sorted({check.lifted_by for check in failed}) if explanation.can_be_lifted else []
    return _Verdict(
        Outlook.STAYS,
        reason="+".join(check.code for check in failed)[:200],
        message=" ".join(check.message for check in failed),
        lifted_by=",".join(lifted_by),
    )


def _present(run: BulkRun) -> None:
    """Present the run, unless somebody was first."""
    try:
        with acting(channel=Channel.BULK, request_id=run.request_id):
            run.present(by=BULK)
    except TransitionNotPossible:
        logger.info("Bulk run %d is '%s' already", run.pk, run.status)
