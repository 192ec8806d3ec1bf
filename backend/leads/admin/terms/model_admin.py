"""The list of versions below what is in force, the page of one with what it changes, and drafting another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.catalog.models import Category
from backend.leads.admin.terms.form import CategoryTermsForm, MarketTermsForm
from backend.leads.admin.terms.tables import list_changes, read_in_force
from backend.leads.admin.what_if import read_trying
from backend.leads.models import TermsVersion
from backend.leads.services.publishing import draft_terms, find_version_in_force
from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY
from workflows.admin import WorkflowAdmin

__all__ = ["TermsVersionAdmin"]


@admin.register(TermsVersion)
class TermsVersionAdmin(WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Terms.

    Adding drafts a version for the market; with ``?of=category`` one for a category, with ``?like=ID`` one that says
    what another version says (so that an earlier one comes back).
    """

    change_list_template = "leads/admin/terms_change_list.html"
    change_form_template = "leads/admin/terms_change_form.html"
    list_display = ["number", "scope", "state_badge", "why", "published_at", "published_by"]
    list_display_links = ["number"]
    list_filter = ["status", ("category", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["category", "published_by"]
    list_per_page = 50
    search_fields = ["why", "category__name"]
    search_help_text = _("Why, or category")
    process_map_filters = ["category"]
    autocomplete_fields = ["category"]
    readonly_fields = ["published_at", "published_by"]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["leads/admin.css", "leads/terms.css"]}

    # The list.

    @admin.display(description=_("version"), ordering="pk")
    def number(self, version: TermsVersion) -> str:
        """Return what decisions call it."""
        return f"terms/{version.pk}"

    @admin.display(description=_("for"), ordering="category__name")
    def scope(self, version: TermsVersion) -> str:
        """Return for what it holds."""
        return version.scope

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show what is in force above the versions."""
        context = {"in_force": read_in_force(), **(extra_context or {})}
        return super().changelist_view(request, context)

    # The form.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the versions with what they hold for."""
        versions: QuerySet[Any] = super().get_queryset(request)
        return versions.select_related("category", "published_by")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's signature
        """Return the form of the market or of a category."""
        kwargs["form"] = CategoryTermsForm if _is_of_category(request, obj) else MarketTermsForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the terms in groups, as they are read together."""
        is_of_category = _is_of_category(request, obj)
        known = TERMS_BY_CATEGORY if is_of_category else MARKET_TERMS
        groups = [(title, _in_rows([name for name in names if name in known])) for title, names in _GROUPS]
        head = ["category", "why"] if is_of_category else ["why"]
        record = [("published_at", "published_by")] if obj is not None and obj.published_at else []
        return [
            (None, {"fields": [*head, *record]}),
            *((title, {"fields": rows}) for title, rows in groups if rows),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return also the category of a version that exists: another one is another draft."""
        return [*super().get_readonly_fields(request, obj), *(["category"] if obj is not None else [])]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from what is in force, or from the version that is named."""
        source = self._source(request) or draft_terms(None)
        is_of_category = _is_of_category(request, None)
        names = TERMS_BY_CATEGORY if is_of_category else MARKET_TERMS
        if is_of_category and source.category_id is None:
            return {}
        return {"category": source.category_id, **{name: getattr(source, name) for name in names}}

    def _source(self, request: HttpRequest) -> TermsVersion | None:
        """Return the version that the draft is to be like."""
        number = request.GET.get("like", "")
        return TermsVersion.objects.filter(pk=number).first() if number.isdecimal() else None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may draft; what is no draft any more stays as it is."""
        return super().has_change_permission(request, obj) and (
            obj is None or obj.status == TermsVersion.Status.DRAFT
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        """Save a draft; a new one notes what was in force when it was made."""
        if not change:
            category: Category | None = obj.category
            obj.based_on = find_version_in_force(category)
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show what a draft changes, and what trying it brought; of any other version, how to draft one like it."""
        version = kwargs.get("obj")
        if version is not None:
            context["is_draft"] = version.status == TermsVersion.Status.DRAFT
            context["changes"] = list_changes(version) if context["is_draft"] else ()
            context["trying"] = read_trying(version, request)
            context["may_draft"] = self.has_add_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)


_GROUPS = (
    (
        _("Places and waves"),
        ("places", "offers_max", "accepted_max", "accepted_enough", "told_max", "waves_max"),
    ),
    (_("Chance"), ("exploration_percent", "new_provider_offers")),
    (_("Offers"), ("offer_hours", "reminder_hours", "retry_minutes")),
    (_("Leads and clients"), ("verify_hours", "choose_days", "lead_days", "duplicate_days")),
    (
        _("Limits of a new provider"),
        ("provider_open_offers", "provider_offers_a_day", "provider_offers_a_month"),
    ),
)


def _is_of_category(request: HttpRequest, version: TermsVersion | None) -> bool:
    if version is not None:
        return version.category_id is not None
    return request.GET.get("of") == "category"


def _in_rows(names: list[str]) -> list[Any]:
    """Put two fields beside each other."""
    return [tuple(names[start : start + 2]) for start in range(0, len(names), 2)]
