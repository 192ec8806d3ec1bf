"""The admin of leads: take them in, see what can be done with one and why these providers, do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin

from backend.bulk.admin import BulkActions
from backend.catalog.models import Category
from backend.leads.admin import contact as contacts
from backend.leads.admin import questions
from backend.leads.admin.lead_filters import AgeFilter, CategoryFilter, SourceFilter, UrgencyFilter
from backend.leads.admin.lead_form import CONTACT_FIELDS, LeadForm, LeadWithContactForm
from backend.leads.admin.lead_list import describe_next_step, with_next_step
from backend.leads.admin.lead_search import search_leads
from backend.leads.admin.list_filters import (
    AcceptedFilter,
    OffersFilter,
    ReachedFilter,
    UnreachedFilter,
    VerifiedFilter,
)
from backend.leads.admin.offer_actions import list_offer_actions
from backend.leads.admin.routing_report import build_waves
from backend.leads.admin.typed_filters import PlaceFilter, ProviderFilter
from backend.leads.admin.why_not import answer_why_not
from backend.leads.models import Lead, LeadAssignment
from backend.leads.services.contacts import confirm_contact
from backend.leads.services.intake import submit_lead
from backend.saved_views.admin import SavedViewsAdmin
from workflows import WorkflowModel
from workflows.admin import WorkflowAdmin
from workflows.machine import Argument, Transition

if TYPE_CHECKING:
    from backend.users.models import User

__all__ = ["LeadAdmin"]

REVISED_FIELDS = ["category", "place_name", "latitude", "longitude", "budget", "language"]
_SUGGESTING = (PlaceFilter, ProviderFilter)


@admin.register(Lead)
class LeadAdmin(SavedViewsAdmin, BulkActions, WorkflowAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Leads."""

    change_form_template = "leads/admin/lead_change_form.html"
    question_templates = questions.TEMPLATES
    list_display = [
        "reference",
        "client_name",
        "title",
        "category",
        "place_name",
        "state_badge",
        "in_state_for",
        "next_step",
    ]
    list_filter = [
        CategoryFilter,
        PlaceFilter,
        AgeFilter,
        UrgencyFilter,
        SourceFilter,
        ProviderFilter,
        OffersFilter,
        ReachedFilter,
        UnreachedFilter,
        VerifiedFilter,
        AcceptedFilter,
    ]
    list_filter_submit = True
    list_select_related = ["category", "contact"]
    list_per_page = 100
    # There is something to search for; how is said in lead_search.py.
    search_fields = ["reference"]
    search_help_text = _("Reference, name, phone, e-mail, words")
    show_facets = admin.ShowFacets.NEVER
    autocomplete_fields = ["category", "client"]
    process_map_filters = ["category"]
    readonly_fields = ["reference", "source", "created_at", "duplicate_of"]

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["leads/admin.css"]}

    # The list.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the leads with their contacts."""
        return super().get_queryset(request).select_related("category", "contact__confirmed_by")

    def complete_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Add what the next step is told from."""
        return with_next_step(rows)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Leave the client's name out for whoever may not see contacts."""
        columns = super().get_list_display(request)
        hidden = set() if request.user.has_perms([contacts.SEE]) else {"client_name"}
        return [column for column in columns if column not in hidden]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search contacts only for whoever may see them: hits would give them away."""
        may_see = request.user.has_perms([contacts.SEE])
        return search_leads(queryset, search_term, with_contacts=may_see), False

    @admin.display(description=_("client"), ordering="contact__name")
    def client_name(self, lead: Lead) -> str:
        """Return how the client is called."""
        return str(lead.contact)

    @admin.display(description=_("next step"))
    def next_step(self, obj: Lead) -> SafeString:
        """Return what can be done next, or what the lead waits for."""
        return describe_next_step(obj)

    # The form.

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's signature
        """Return the form, with the contact for whoever may write it: others cannot post it either."""
        kwargs["form"] = LeadWithContactForm if self._may_write_contact(request, obj) else LeadForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the groups of fields; what is on record is shown of leads that exist."""
        name, email, phone = CONTACT_FIELDS
        contact = (_("Contact"), {"fields": [name, (email, phone)]})
        asked: dict[str, Any] = {"fields": ["title", ("category", "urgency"), "text", ("budget", "language")]}
        where: dict[str, Any] = {"fields": ["place_name", ("latitude", "longitude"), "deadline_at"]}
        if obj and obj.is_offered:
            asked["description"] = where["description"] = _(
                "Category, budget, language and place decide who is offered it: change them with Revise, above."
            )
        record = {"fields": [("reference", "source"), "created_at", "client"]}
        if obj and obj.duplicate_of_id:
            record["fields"].append("duplicate_of")
        return [
            (_("What is asked for"), asked),
            (_("Where, until when"), where),
            *([contact] if self._may_write_contact(request, obj) else []),
            *([(_("On record"), record)] if obj else []),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may write both a lead and its contact."""
        return super().has_add_permission(request) and request.user.has_perms(["leads.add_leadcontact"])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return also what offers were decided by, while the lead is offered: *Revise* changes that."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, *REVISED_FIELDS] if obj is not None and obj.is_offered else fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        """Save a lead and its contact; a new one is taken in like any other."""
        if not change:
            submit_lead(obj, form.get_contact())
            return
        if isinstance(form, LeadWithContactForm) and form.has_changed_contact:
            before = obj.contact
            obj.contact = form.get_contact()
            if contacts.save_changed_contact(obj.contact, before=before):
                self.message_user(
                    request, _("The contact is another one now: confirm it anew."), messages.WARNING
                )
        super().save_model(request, obj, form, change)

    def _may_write_contact(self, request: HttpRequest, lead: Lead | None) -> bool:
        if lead is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, lead) and request.user.has_perms(
            [contacts.SEE, contacts.WRITE]
        )

    # The page.

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the contact and why these providers, between the panel and the form."""
        lead = kwargs.get("obj")
        if lead is not None:
            url = self._address(request, "confirm_contact", quote(lead.pk))
            context["contact_card"] = contacts.build_contact_card(lead, request=request, confirm_url=url)
            context |= self._routing_context(request, lead)
        return super().render_change_form(request, context, *args, **kwargs)

    def _routing_context(self, request: HttpRequest, lead: Lead) -> dict[str, Any]:
        decisions = list(lead.decisions.select_related("decided_by").order_by("-wave"))
        offers = list(lead.assignments.all())
        words = request.GET.get("why_not", "").strip()
        why_not = answer_why_not(lead, words, decisions=decisions, offers=offers) if words else None
        back = f"{self.change_url(request, lead)}#routing"
        actions = {offer.pk: list_offer_actions(offer, user=request.user, back=back) for offer in offers}
        return {"waves": build_waves(decisions, offers, actions=actions), "why_not": why_not}

    # What can be done.

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that confirm a contact, and that suggest what a filter may mean."""
        confirm = self.admin_site.admin_view(require_POST(self.confirm_contact_view))
        suggest = self.admin_site.admin_view(require_safe(self.suggest_view))
        return [
            path("<path:object_id>/confirm-contact/", confirm, name="leads_lead_confirm_contact"),
            path("suggest/<slug:name>/", suggest, name="leads_lead_suggest"),
            *super().get_urls(),
        ]

    def suggest_view(self, request: HttpRequest, name: str) -> JsonResponse:
        """Answer what may be meant by what was typed into a filter.

        Raises: PermissionDenied when the user may not see leads; Http404 when no such filter suggests anything.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = next((one for one in _SUGGESTING if one.parameter_name == name), None)
        if chosen is None:
            raise Http404
        words = request.GET.get("term", "").replace("\0", "").strip()
        return JsonResponse({"suggestions": chosen.suggest(words) if words else []})

    def confirm_contact_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm the contact of a lead for the user, once; only by POST.

        Raises: PermissionDenied when the user may not; Http404 when there is no such lead.
        """
        if not request.user.has_perms([contacts.SEE, contacts.CONFIRM]):
            raise PermissionDenied
        lead = self.get_object(request, unquote(object_id))
        if lead is None:
            raise Http404
        if not self.has_view_or_change_permission(request, lead):
            raise PermissionDenied
        with transaction.atomic():
            is_news = confirm_contact(lead, by=cast("User", request.user))
            if is_news:
                self.log_change(request, lead, str(_("Contact confirmed.")))
        message = _("Contact confirmed.") if is_news else _("The contact was confirmed already.")
        self.message_user(request, message, messages.SUCCESS if is_news else messages.INFO)
        return HttpResponseRedirect(self.change_url(request, lead))

    def field_for_argument(
        self,
        request: HttpRequest,
        obj: WorkflowModel,
        transition: Transition,
        argument: Argument,
        *,
        is_needed: bool = False,
    ) -> forms.Field:
        """Return the form field of an argument; those of a revision show what is asked for now."""
        if (transition.name, argument.name) in questions.CHOSEN_ON_THE_PAGE:
            objects = self.argument_queryset(request, obj, transition, argument)
            return questions.choice_field(argument, objects)
        field = super().field_for_argument(request, obj, transition, argument, is_needed=is_needed)
        if transition.name == "revise":
            value = getattr(obj, argument.name)
            field.initial = value.pk if isinstance(value, Model) else value
        return field

    def argument_queryset(
        self, request: HttpRequest, obj: WorkflowModel, transition: Transition, argument: Argument
    ) -> QuerySet[Any]:
        """Offer what can be meant: accepted offers of this lead; as an original, no duplicate."""
        objects = super().argument_queryset(request, obj, transition, argument)
        if argument.annotation is Category:
            return objects.order_by("name")
        if argument.annotation is LeadAssignment:
            return objects.filter(status=LeadAssignment.Status.ACCEPTED)
        return objects.exclude(status=Lead.Status.DUPLICATE) if argument.annotation is Lead else objects

    def question_context(
        self, request: HttpRequest, obj: WorkflowModel, transition: Transition
    ) -> dict[str, Any]:
        """Return the providers, or the originals, to choose from."""
        lead = cast("Lead", obj)
        if transition.name == "assign_by_hand":
            return questions.ask_for_provider(request, lead)
        if transition.name == "mark_duplicate":
            argument = transition.arguments[0]
            among = self.argument_queryset(request, obj, transition, argument)
            return questions.ask_for_original(request, lead, among=among, admin=self)
        return {}
