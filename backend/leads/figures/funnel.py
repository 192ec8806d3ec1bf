"""How far the leads of a period have come."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from backend.leads.figures.milestones import Stage, has_reached
from backend.leads.figures.scope import Scope
from backend.leads.models import Lead

__all__ = ["Funnel", "count_funnel"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many leads were submitted in a period, and how many of them have reached each stage by now."""

    submitted: int
    reached: dict[Stage, int]


def count_funnel(scope: Scope) -> Funnel:
    """Count the leads submitted in the period by the stages that they have reached; one statement."""
    leads = Lead._base_manager.filter(created_at__gte=scope.span.since, created_at__lt=scope.span.until)
    if scope.category_id is not None:
        leads = leads.filter(category=scope.category_id)
    counts = leads.order_by().aggregate(
        submitted=Count("pk"), **{stage.value: Count("pk", filter=has_reached(stage)) for stage in Stage}
    )
    return Funnel(counts["submitted"], {stage: counts[stage.value] for stage in Stage})
