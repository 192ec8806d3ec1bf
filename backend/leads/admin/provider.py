"""The admin of providers: what they offer, where and how much of it, and how busy they are with offers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from backend.bulk.admin import BulkActions
from backend.leads.admin.list_filters import FirstOfferFilter
from backend.leads.admin.provider_form import ProviderForm
from backend.leads.admin.provider_page import build_provider_page, load_of
from backend.leads.terms_in_force import read_terms_book
from backend.saved_views.admin import SavedViewsAdmin
from backend.users.models import ProviderCategory, ProviderProfile
from workflows.admin import WorkflowAdmin

__all__ = ["ProviderProfileAdmin"]


class OfferedCategoryInline(TabularInline):
    """What it offers, and what it usually charges."""

    model = ProviderCategory
    autocomplete_fields = ["category"]
    extra = 0
    hide_title = True
    verbose_name = _("offered category")
    verbose_name_plural = _("offered categories")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Give each field its name: the heading of a column is none to a screen reader."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = field.label
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with the names that they show."""
        rows: QuerySet[Any] = super().get_queryset(request).select_related("category", "provider")
        return rows


@admin.register(ProviderProfile)
class ProviderProfileAdmin(SavedViewsAdmin, BulkActions, WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Providers."""

    change_form_template = "leads/admin/provider_change_form.html"
    form = ProviderForm
    list_display = [
        "company_name",
        "state_badge",
        "in_state_for",
        "next_step",
        "place_name",
        "radius",
        "category_names",
        "open_offers",
        "rating",
    ]
    list_filter = ["categories", FirstOfferFilter, ("created_at", admin.DateFieldListFilter)]
    list_select_related = ["load"]
    list_per_page = 50
    search_fields = ["company_name", "place_name", "user__username", "user__email"]
    search_help_text = _("Company, place, or login")
    process_map_filters = ["categories"]
    autocomplete_fields = ["user"]
    readonly_fields = ["rating", "created_at"]
    inlines = [OfferedCategoryInline]
    fieldsets = [
        (_("Company"), {"fields": ["company_name", "user", "languages", "rating", "created_at"]}),
        (_("Service area"), {"fields": ["place_name", ("latitude", "longitude"), "radius_km"]}),
        (
            _("Capacity"),
            {"fields": ["open_offers_max", ("leads_per_day_max", "leads_per_month_max")]},
        ),
        (
            _("Hours and holiday"),
            {
                "fields": [
                    ("opens_at", "closes_at"),
                    "open_weekdays",
                    "time_zone",
                    ("holiday_from_date", "holiday_until_date"),
                ],
                "description": _(
                    "The same opening and closing time: open all day.  A holiday includes both its days."
                ),
            },
        ),
    ]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["leads/admin.css", "leads/provider.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the providers; the list brings along what they offer."""
        providers: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "users_providerprofile_changelist"
        return providers.prefetch_related("categories") if is_list else providers

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Let a new provider start with the limits of the terms in force."""
        market = read_terms_book().market
        return {
            "open_offers_max": market.provider_open_offers,
            "leads_per_day_max": market.provider_offers_a_day,
            "leads_per_month_max": market.provider_offers_a_month,
            **super().get_changeform_initial_data(request),
        }

    @admin.display(description=_("radius"), ordering="radius_km")
    def radius(self, provider: ProviderProfile) -> str:
        """Return how far it works."""
        return f"{provider.radius_km:g} km"

    @admin.display(description=_("offers"))
    def category_names(self, provider: ProviderProfile) -> str:
        """Return the names of what it offers."""
        return ", ".join(category.name for category in provider.categories.all())

    @admin.display(description=_("open offers"), ordering="load__open_offers")
    def open_offers(self, provider: ProviderProfile) -> str:
        """Return how many of the offers that it may have open it has."""
        load = load_of(provider)
        return f"{load.open_offers if load else 0} / {provider.open_offers_max}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show where it works, how busy it is, how it did, and why it was left out."""
        provider = kwargs.get("obj")
        if provider is not None and not context.get("is_popup"):
            # A form that was refused has written into the provider what cannot be saved.
            stored = provider if request.method == "GET" else ProviderProfile.objects.get(pk=provider.pk)
            context["provider_page"] = build_provider_page(stored, reader=request.user)
        return super().render_change_form(request, context, *args, **kwargs)
