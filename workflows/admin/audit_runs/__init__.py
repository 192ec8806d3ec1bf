"""The runs of the audit in the admin: what is violated, by which objects, and what to do."""

from workflows.admin.audit_runs.model_admin import AuditRunAdmin

__all__ = ["AuditRunAdmin"]
