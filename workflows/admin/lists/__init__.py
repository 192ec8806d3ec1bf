"""Lists in the admin that one can work through: chips of what narrows them, parts above them, keys.

``ListAdmin`` goes before ``ModelAdmin``; ``WorkflowAdmin`` is one, and adds the tabs of the states.
"""

from workflows.admin.lists.model_admin import ListAdmin, Part

__all__ = ["ListAdmin", "Part"]
