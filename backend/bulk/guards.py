"""What must hold for a run to start, to go on, to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backend.bulk import rights
from backend.bulk.choices import Outcome
from workflows import Attempt, Blocker, guard

if TYPE_CHECKING:
    from backend.bulk.models import BulkRun

__all__ = ["items_are_left", "some_failed", "some_stayed", "starter_may", "was_started"]


@guard(_("You may still do this"))
def starter_may(run: BulkRun, attempt: Attempt) -> Blocker | None:
    """Hold while who started it has the permissions for it."""
    missing = rights.find_missing_right(run, rights.read_starter(run))
    return Blocker(missing) if missing else None


@guard(_("It was started"))
def was_started(run: BulkRun, attempt: Attempt) -> Blocker | None:
    """Hold for a run whose objects were confirmed once."""
    return (
        None if run.started_at else Blocker(_("It was cancelled before it started: select the objects anew."))
    )


@guard(_("Something is left to do"))
def items_are_left(run: BulkRun, attempt: Attempt) -> Blocker | None:
    """Hold while an object waits for its turn."""
    return None if _has(run, Outcome.WAITING) else Blocker(_("Every object has had its turn."))


@guard(_("Something has failed"))
def some_failed(run: BulkRun, attempt: Attempt) -> Blocker | None:
    """Hold when an error came in the way of an object."""
    return None if _has(run, Outcome.FAILED) else Blocker(_("Nothing has failed."))


@guard(_("Something has stayed"))
def some_stayed(run: BulkRun, attempt: Attempt) -> Blocker | None:
    """Hold when an object was refused."""
    return None if _has(run, Outcome.STAYS) else Blocker(_("Nothing has stayed as it was."))


def _has(run: BulkRun, outcome: Outcome) -> bool:
    return run.items.filter(outcome=outcome).exists()
