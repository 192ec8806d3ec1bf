"""The audit list in the admin of the marketplace."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from workflows import TransitionRecord
from workflows.admin.audit_list import AuditAdmin

__all__ = ["TransitionRecordAdmin"]


@admin.register(TransitionRecord)
class TransitionRecordAdmin(AuditAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """What happened to leads, offers and providers."""
