"""The admin of routing decisions: who was chosen, and why; written once, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.leads.admin.routing_report import build_waves
from backend.leads.admin.why_not import answer_why_not
from backend.leads.models import RoutingDecision

__all__ = ["BARS_MAX", "RoutingDecisionAdmin"]

BARS_MAX = 30
"""Candidates whose features are drawn; hundreds of others are named."""


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(ModelAdmin):
    """Routing decisions."""

    change_form_template = "leads/admin/decision_change_form.html"
    list_display = [
        "lead",
        "wave",
        "is_by_hand",
        "offers_of_places",
        "told_count",
        "eligible_count",
        "candidates_count",
        "shortfall",
        "created_at",
    ]
    list_filter = [
        ("shortfall", admin.EmptyFieldListFilter),
        "is_by_hand",
        "wave",
        "policy_version",
        "terms_version",
        ("created_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["lead"]
    list_per_page = 50
    ordering = ["-created_at", "-id"]
    search_fields = ["lead__reference", "lead__title"]
    search_help_text = _("Reference or title of the lead")
    # The numbers are told with the ranking.
    fieldsets = [
        (None, {"fields": [("lead", "wave"), "created_at"]}),
    ]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["workflows/admin.css", "leads/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the decisions; the list leaves out the rankings, which can be long."""
        decisions = super().get_queryset(request).select_related("lead", "decided_by")
        match = request.resolver_match
        is_list = match is not None and match.url_name == "leads_routingdecision_changelist"
        return decisions.defer("candidates", "excluded", "excluded_counts") if is_list else decisions

    @admin.display(description=_("offers"), ordering="offered_count")
    def offers_of_places(self, decision: RoutingDecision) -> str:
        """Return how many offers were made of those wanted."""
        return _("%(made)d of %(wanted)d") % {"made": decision.offered_count, "wanted": decision.places}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the waves of the lead, the ranking with its reasons, and the answer to "why not?"."""
        decision = kwargs.get("obj")
        if decision is not None:
            context |= self._describe(request, decision)
        return super().render_change_form(request, context, *args, **kwargs)

    def _describe(self, request: HttpRequest, decision: RoutingDecision) -> dict[str, Any]:
        lead = decision.lead
        offers = list(lead.assignments.all())
        words = request.GET.get("why_not", "").strip()
        why_not = answer_why_not(lead, words, decisions=[decision], offers=offers) if words else None
        return {
            "waves": build_waves([decision], offers, bars_max=BARS_MAX),
            "siblings": lead.decisions.order_by("wave").only("lead", "wave", "is_by_hand", "offered_count"),
            "why_not": why_not,
        }

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: routing decides."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what was decided stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what was decided stays on record."""
        return False
