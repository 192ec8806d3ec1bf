"""The admin of a model with a state machine: what can be done with an object now, what cannot, what happened.

::

    class LeadAdmin(WorkflowAdmin, ModelAdmin):   # Django's own, or that of django-unfold
        list_display = ["reference", "state_badge", "in_state_for"]

Importing it registers nothing.
"""

from workflows.admin.model_admin import WorkflowAdmin

__all__ = ["WorkflowAdmin"]
