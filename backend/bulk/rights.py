"""Whether who started a run may (still) do what it does: asked of the database, each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from backend.bulk.machines import workflow_model
from workflows import machine_of
from workflows.registry import permission_names

if TYPE_CHECKING:
    from backend.bulk.models import BulkRun

__all__ = ["START", "find_missing_right", "read_starter"]

START = "bulk.start_bulkrun"


def read_starter(run: BulkRun) -> Any:
    """Return who started a run as the database knows them now; what they may is not remembered from before."""
    return get_user_model()._default_manager.get(pk=run.starter_id)


def find_missing_right(run: BulkRun, starter: Any) -> str:
    """Return in words what a run's starter lacks for it, "" when nothing."""
    if not starter.is_active:
        return _("The login of %(name)s has been switched off.") % {"name": starter}
    permission = machine_of(workflow_model(run.machine)).transition(run.transition_name).permission or ""
    for needed in (START, permission):
        if not starter.has_perm(needed):
            what = permission_names().get(needed, needed)
            return _("%(name)s lacks the permission “%(what)s”.") % {"name": starter, "what": what}
    return ""
