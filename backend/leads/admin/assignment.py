"""The admin of offers: routing makes them, their transitions move them, nobody writes in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backend.bulk.admin import BulkActions
from backend.leads.admin.dashboard.tiles import NOTHING, format_share
from backend.leads.admin.explanation import explain_offer
from backend.leads.admin.list_filters import AnswerFilter, ChosenByFilter
from backend.leads.admin.offer_list import describe_next_step_of_offer
from backend.leads.models import LeadAssignment
from backend.saved_views.admin import SavedViewsAdmin
from workflows.admin import WorkflowAdmin

__all__ = ["LeadAssignmentAdmin"]

CONTACT_VIEWS_SHOWN = 20


@admin.register(LeadAssignment)
class LeadAssignmentAdmin(SavedViewsAdmin, BulkActions, WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Offers."""

    list_display = [
        "reference",
        "provider",
        "lead_title",
        "state_badge",
        "in_state_for",
        "next_step",
        "rank",
        "score_in_words",
        "was_claimed",
    ]
    list_filter = [
        AnswerFilter,
        ChosenByFilter,
        "lead__category",
        "was_claimed",
        ("expires_at", admin.DateFieldListFilter),
        ("created_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["lead", "provider"]
    list_per_page = 50
    ordering = ["-created_at", "rank"]
    search_fields = ["lead__reference", "lead__title", "provider__company_name"]
    search_help_text = _("Reference or title of the lead; company")
    process_map_filters = ["lead__category"]
    change_form_template = "leads/admin/assignment_change_form.html"
    readonly_fields = [
        "lead_link",
        "provider_link",
        "decision_link",
        "score_in_words",
        "promised_in_words",
        "contact_seen",
    ]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("lead_link", "provider_link"),
                    ("rank", "score_in_words"),
                    ("promised_in_words", "decision_link"),
                ]
            },
        ),
        (_("Dates"), {"fields": [("created_at", "starts_at"), ("expires_at", "remind_at")]}),
        (_("Contact"), {"fields": ["contact_seen"]}),
    ]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["leads/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the offers with what names them."""
        return super().get_queryset(request).select_related("lead", "provider", "decision__decided_by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: routing makes offers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: an offer is moved by its transitions alone."""
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show why the provider was offered the lead."""
        offer = kwargs.get("obj")
        if offer is not None:
            context["explanation"] = explain_offer(offer.decision, offer.provider_id)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("lead"), ordering="lead__reference")
    def reference(self, offer: LeadAssignment) -> str:
        """Return the reference of the lead."""
        return offer.lead.reference

    @admin.display(description=_("asks for"), ordering="lead__title")
    def lead_title(self, offer: LeadAssignment) -> str:
        """Return what the lead asks for."""
        return offer.lead.title

    @admin.display(description=_("next step"), ordering="expires_at")
    def next_step(self, obj: LeadAssignment) -> SafeString:
        """Return whom the offer waits for, and until when."""
        return describe_next_step_of_offer(obj)

    @admin.display(description=_("score"), ordering="score")
    def score_in_words(self, offer: LeadAssignment) -> str:
        """Return the score with two digits: more say nothing."""
        return f"{offer.score:.2f}"

    @admin.display(description=_("promised"))
    def promised_in_words(self, offer: LeadAssignment) -> str:
        """Return with which probability ranking thought that the provider accepts."""
        return NOTHING if offer.predicted is None else format_share(offer.predicted)

    @admin.display(description=_("lead"))
    def lead_link(self, offer: LeadAssignment) -> SafeString:
        """Return the lead as a link."""
        return _link("leads_lead", offer.lead_id, str(offer.lead))

    @admin.display(description=_("provider"))
    def provider_link(self, offer: LeadAssignment) -> SafeString:
        """Return the provider as a link."""
        return _link("users_providerprofile", offer.provider_id, str(offer.provider))

    @admin.display(description=_("decision"))
    def decision_link(self, offer: LeadAssignment) -> SafeString:
        """Return the decision that made the offer as a link."""
        wave = _("wave %(number)d") % {"number": offer.decision.wave}
        chosen = _("by hand") if offer.decision.is_by_hand else offer.decision.policy_version
        return _link("leads_routingdecision", offer.decision_id, f"{wave} · {chosen}")

    @admin.display(description=_("seen by the provider"))
    def contact_seen(self, offer: LeadAssignment) -> SafeString | str:
        """Return who looked at the client's contact and when, the latest first."""
        views = offer.contact_views.select_related("viewer")[:CONTACT_VIEWS_SHOWN]
        lines = ((f"{view.at:%-d %b %Y %H:%M}", view.viewer, view.get_channel_display()) for view in views)
        return format_html_join(SafeString("<br>"), "{} · {} · {}", lines) or str(_("Not yet."))


def _link(model: str, pk: int, text: str) -> SafeString:
    return format_html(
        '<a class="pc-link" href="{}">{}</a>', reverse(f"admin:{model}_change", args=[pk]), text
    )
