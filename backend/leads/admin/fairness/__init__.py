"""The page of the report on fairness and drift."""

from backend.leads.admin.fairness.view import fairness_view

__all__ = ["fairness_view"]
