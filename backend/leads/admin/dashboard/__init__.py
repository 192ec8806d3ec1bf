"""The first page of the admin: what operations look at first."""

from backend.leads.admin.dashboard.page import Dashboard, build_dashboard

__all__ = ["Dashboard", "build_dashboard"]
