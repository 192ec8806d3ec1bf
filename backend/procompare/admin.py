"""The admin of the marketplace as a whole: what its first page is called, and the audit list, and the audits."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.procompare.auditing import request_audit
from workflows import TransitionRecord
from workflows.admin.audit_list import AuditAdmin
from workflows.admin.audit_runs import AuditRunAdmin
from workflows.models import AuditRun

__all__ = ["InvariantsAdmin", "TransitionRecordAdmin"]

admin.site.index_title = _("Dashboard")


@admin.register(TransitionRecord)
class TransitionRecordAdmin(AuditAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """What happened to leads, offers and providers."""


@admin.register(AuditRun)
class InvariantsAdmin(AuditRunAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """What must hold in the whole database, and what the audits found."""

    def begin_audit(self) -> str:
        """Have a worker audit now."""
        if request_audit():
            return gettext("A worker audits the invariants now: load this page again in a moment.")
        return gettext("An audit waits for a worker already.")
