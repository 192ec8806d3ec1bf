"""The admin of the marketplace as a whole: what its first page is called, and the audit list."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from workflows import TransitionRecord
from workflows.admin.audit_list import AuditAdmin

__all__ = ["TransitionRecordAdmin"]

admin.site.index_title = _("Dashboard")


@admin.register(TransitionRecord)
class TransitionRecordAdmin(AuditAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """What happened to leads, offers and providers."""
