"""Bulk runs in the admin: what a list offers for many objects at once, the runs, and the page of each.

::

    class LeadAdmin(BulkActions, WorkflowAdmin, ModelAdmin):
        ...
"""

from backend.bulk.admin.actions import BulkActions
from backend.bulk.admin.run import BulkRunAdmin

__all__ = ["BulkActions", "BulkRunAdmin"]
