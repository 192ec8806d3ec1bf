"""What staff can do with jobs, as the admin asks and tells of it: retry, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.jobs import services
from backend.jobs.models import JobStatus

__all__ = ["CANCEL", "MOVES", "RETRY", "Move", "moves_for"]

# What gettext_lazy returns, or a text.
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that can be done with the jobs in one state (``source``) by whoever has a permission."""

    name: str
    source: JobStatus
    permission: str
    label: Text
    question: Text
    consequence: Text
    done: Text
    run: Callable[[Iterable[int]], list[int]]
    is_dangerous: bool = False

    def report(self, *, asked: int, moved: int) -> str:
        """Return what became of so many jobs."""
        what = ngettext("%d job is %s.", "%d jobs are %s.", moved) % (moved, self.done)
        if left := asked - moved:
            more = ngettext(
                "%d had moved on meanwhile and was left as it is.",
                "%d had moved on meanwhile and were left as they are.",
                left,
            )
            return f"{what} {more % left}" if moved else more % left
        return what


RETRY = Move(
    name="retry",
    source=JobStatus.FAILED,
    permission="jobs.retry_job",
    label=_("Retry"),
    question=_("Retry what failed?"),
    consequence=_("It is handed to the next free worker, with all its attempts before it."),
    done=_("handed out again"),
    run=services.retry_jobs,
)
CANCEL = Move(
    name="cancel",
    source=JobStatus.TODO,
    permission="jobs.cancel_job",
    label=_("Cancel job"),
    question=_("Cancel what waits?"),
    consequence=_("It will never run. What is running already runs on."),
    done=_("cancelled"),
    run=services.cancel_jobs,
    is_dangerous=True,
)
MOVES: dict[str, Move] = {move.name: move for move in (RETRY, CANCEL)}


def moves_for(job: Any, *, user: Any) -> list[Move]:
    """Return what a user can do with a job as it is now."""
    return [move for move in MOVES.values() if job.status == move.source and user.has_perm(move.permission)]
