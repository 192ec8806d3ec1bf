"""Saved views in the admin: ``class LeadAdmin(SavedViewsAdmin, WorkflowAdmin, ModelAdmin)``."""

from backend.saved_views.admin.model_admin import SavedViewsAdmin

__all__ = ["SavedViewsAdmin"]
