"""The audit of all invariants as it runs in operation: alone, kept, and told of where it finds something new."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import ngettext

from backend.jobs.queue import enqueue
from backend.jobs.selectors import list_waiting_arguments
from backend.notifications.models import NotificationType
from backend.notifications.services import Message, notify
from backend.users.selectors import list_staff_in
from workflows import clock
from workflows.invariants import list_invariants
from workflows.invariants.runs import forget_old_runs, run_audit
from workflows.models import AuditRun

__all__ = ["AUDIT_TASK", "audit", "request_audit"]

AUDIT_TASK = "procompare.audit"
VIEW_PERMISSION = "workflows.view_auditrun"
INVARIANTS_NAMED_MAX = 10


def audit() -> AuditRun:
    """Audit everything, keep the run, tell those who may view audits of what is new in it, and forget old runs."""
    run = run_audit(tell=_tell_staff)
    forget_old_runs()
    return run


def request_audit() -> bool:
    """Have a worker audit now, and return whether that is new: False when an audit waits already."""
    if list_waiting_arguments(AUDIT_TASK):
        return False
    enqueue(AUDIT_TASK, timestamp=int(clock.now().timestamp()))
    return True


def _tell_staff(run: AuditRun, news: Mapping[str, int]) -> None:
    """Tell them once of each finding: the next run knows it."""
    subject = ngettext(
        "The audit found %(count)d new violation", "The audit found %(count)d new violations", run.news
    )
    notify(
        Message(
            recipient_id=user_id,
            type=NotificationType.SYSTEM,
            event=f"{run._meta.label_lower}:{run.pk}",
            subject=subject % {"count": run.news},
            body=_describe(news),
            path=f"/admin/workflows/auditrun/{run.pk}/change/",
        )
        for user_id in list_staff_in(VIEW_PERMISSION)
    )


def _describe(news: Mapping[str, int]) -> str:
    """Return a line for each invariant that is violated anew: how often, and what should hold."""
    lines = [
        f"{news[invariant.name]} × {invariant.code}: {invariant.holds}"
        for invariant in list_invariants()
        if invariant.name in news
    ]
    left_out = len(lines) - INVARIANTS_NAMED_MAX
    if left_out > 0:
        more = ngettext("And %(count)d more.", "And %(count)d more.", left_out) % {"count": left_out}
        lines = [*lines[:INVARIANTS_NAMED_MAX], more]
    return "\n".join(lines)
