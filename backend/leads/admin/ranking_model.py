"""The admin of ranking models where there are leads: a model can be tried on past ones before it is promoted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.leads.admin.what_if import read_trying
from backend.matching.admin import RankingModelAdmin
from backend.matching.models import RankingModel

__all__ = ["TriedRankingModelAdmin"]


@admin.register(RankingModel)
class TriedRankingModelAdmin(RankingModelAdmin):
    """Ranking models, with what came of trying them."""

    change_form_template = "leads/admin/ranking_model_change_form.html"

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["leads/admin.css"]}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show how to try it above its figures."""
        model = kwargs.get("obj")
        if model is not None:
            context["trying"] = read_trying(model, request)
        return super().render_change_form(request, context, *args, **kwargs)
