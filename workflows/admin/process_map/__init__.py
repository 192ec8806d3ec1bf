"""The process map of a machine as a page of the admin, and the page of all of them."""

from workflows.admin.process_map.index import process_maps_view
from workflows.admin.process_map.model_admin import ProcessMapAdmin

__all__ = ["ProcessMapAdmin", "process_maps_view"]
