"""The admin of categories and cities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.catalog.models import Category, City

__all__ = ["CategoryAdmin", "CityAdmin"]


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    """What can be asked for, and whether it is served at present."""

    list_display = ["name", "is_served", "typical_budget", "providers_count", "slug"]
    list_filter = ["is_served"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    list_per_page = 50
    fieldsets = [
        (None, {"fields": [("name", "slug"), "is_served", "typical_budget"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the categories; the list counts who offers each."""
        categories = super().get_queryset(request)
        return categories.annotate(providers_total=Count("providers")) if _is_list(request) else categories

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Sequence[str]]:
        """Return none for a category that exists: its short name stands in import files."""
        return {} if obj else super().get_prepopulated_fields(request, obj)

    @admin.display(description=_("offered by"), ordering="providers_total")
    def providers_count(self, category: Any) -> int:
        """Return how many providers offer it."""
        return int(category.providers_total)


@admin.register(City)
class CityAdmin(ModelAdmin):
    """The gazetteer: the name of a place becomes a point."""

    list_display = ["name", "country_code", "latitude", "longitude", "time_zone"]
    list_filter = ["country_code"]
    search_fields = ["name"]
    list_per_page = 50
    fieldsets = [
        (None, {"fields": [("name", "country_code"), ("latitude", "longitude"), "time_zone"]}),
    ]


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and str(match.url_name).endswith("_changelist")
