"""What the transitions of a lead ask with more than a form: whom to offer it, and which lead it repeats."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from backend.leads import selectors
from backend.leads.admin import contact as contacts
from backend.leads.admin.comparison import compare_leads
from backend.leads.admin.hand_assignment import find_hits
from backend.leads.admin.likely_originals import LIKELY_MAX, Likely, describe_likeness, list_likely_originals
from backend.leads.models import Lead
from workflows.admin.forms import ObjectField
from workflows.machine import Argument

__all__ = ["CHOSEN_ON_THE_PAGE", "TEMPLATES", "ask_for_original", "ask_for_provider", "choice_field"]

TEMPLATES = {
    "assign_by_hand": "leads/admin/assign_by_hand.html",
    "mark_duplicate": "leads/admin/mark_duplicate.html",
}
CHOSEN_ON_THE_PAGE = {("assign_by_hand", "provider"), ("mark_duplicate", "of")}
"""Arguments that those pages list to choose from, by transition and name."""

WORDS_MAX = 120


def choice_field(argument: Argument, objects: QuerySet[Any]) -> forms.Field:
    """Return the field of something that is chosen on the page: its number is posted."""
    missing = {"required": gettext_lazy("Choose one.")}
    return ObjectField(objects, label=argument.label, error_messages=missing)


def ask_for_provider(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    """Return the providers to choose from: those that were searched for, or the best."""
    may_lift = request.user.has_perms(["leads.lift_rules_lead"])
    return {
        "found": find_hits(lead, _words_of(request), may_lift=may_lift),
        "chosen": _chosen(request, "provider"),
        "kept": _kept(request),
    }


def ask_for_original(
    request: HttpRequest, lead: Lead, *, among: QuerySet[Any], admin: ModelAdmin[Any]
) -> dict[str, Any]:
    """Return the likely originals, or those that were searched for, side by side with the lead."""
    words = _words_of(request)
    among = among.select_related("contact", "category")
    likely = (
        _search(request, lead, words, among=among, admin=admin)
        if words
        else list_likely_originals(lead, among)
    )
    offers = selectors.count_offers_by_lead([lead.pk, *(one.lead.pk for one in likely)])
    shows_contact = request.user.has_perms([contacts.SEE])
    return {
        "words": words,
        "comparisons": compare_leads(lead, likely, offers=offers, shows_contact=shows_contact),
        "live_offers": offers[lead.pk].occupied,
        "chosen": _chosen(request, "of"),
        "kept": _kept(request),
    }


def _search(
    request: HttpRequest, lead: Lead, words: str, *, among: QuerySet[Any], admin: ModelAdmin[Any]
) -> tuple[Likely, ...]:
    found, _has_duplicates = admin.get_search_results(request, among, words)
    return tuple(describe_likeness(lead, other) for other in found[:LIKELY_MAX])


def _words_of(request: HttpRequest) -> str:
    return request.GET.get("words", "").strip()[:WORDS_MAX]


def _chosen(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, request.GET.get(name, ""))


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a search on the page hands on: what was seen, and where one came from."""
    return [(name, str(value)) for name, value in request.GET.items() if name != "words"]
