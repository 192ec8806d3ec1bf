"""The audit list: what happened to whatever has a machine, to look through and to take away, never to change."""

from workflows.admin.audit_list.model_admin import AuditAdmin

__all__ = ["AuditAdmin"]
