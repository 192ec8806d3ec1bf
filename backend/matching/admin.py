"""The admin of ranking models: what each weighs, how well it predicts, and which of them ranks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.matching.model_report import build_report
from backend.matching.models import RankingModel
from workflows.admin import WorkflowAdmin

__all__ = ["RankingModelAdmin"]


class RankingModelAdmin(WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Ranking models.  ``manage.py train_ranking`` makes them; transitions move them.

    It is registered where there are leads to try them on (``backend.leads.admin.ranking_model``).
    """

    change_form_template = "matching/admin/model_change_form.html"
    change_list_template = "matching/admin/model_change_list.html"
    list_display = ["number", "state_badge", "in_state_for", "examples", "loss", "created_at", "note"]
    list_filter = ["status", ("created_at", admin.DateFieldListFilter)]
    list_per_page = 50
    search_fields = ["note"]
    readonly_fields = ["examples", "trained_from_at", "trained_until_at", "created_at"]
    fieldsets = [
        (None, {"fields": ["note", ("trained_from_at", "trained_until_at"), ("examples", "created_at")]}),
    ]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["matching/models.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the models; the list leaves out the weights."""
        models: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "matching_rankingmodel_changelist"
        return models.defer("artifact") if is_list else models

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: a model is trained, by ``manage.py train_ranking``."""
        return False

    @admin.display(description=_("model"), ordering="pk")
    def number(self, model: RankingModel) -> str:
        """Return what decisions call it."""
        return str(model)

    @admin.display(description=_("log loss of accepting (experts')"))
    def loss(self, model: RankingModel) -> str:
        """Return how well it predicts who accepts, and how well the experts' weights did."""
        judged = model.metrics.get("accept", {})
        losses = [judged.get(who, {}).get("log_loss") for who in ("learned", "experts")]
        learned, experts = ("–" if loss is None else f"{loss:.4f}" for loss in losses)
        return f"{learned} ({experts})"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the metrics, the reliability and the weights between the panel and the form."""
        model = kwargs.get("obj")
        if model is not None:
            context["report"] = build_report(model)
        return super().render_change_form(request, context, *args, **kwargs)
