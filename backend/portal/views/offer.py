"""The page of one lead for one provider: what it is, what can be done with it, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.leads.models.assignment import DeclineReason
from backend.portal.answering import ANSWERS, Outcome, give_answer
from backend.portal.forms import DeclineForm
from backend.portal.offer_page import find_offer_page, read_contact
from backend.portal.visitors import Visitor, for_providers_and_links
from workflows.admin.forms import SeenForm

__all__ = ["show_offer"]


@require_http_methods(["GET", "HEAD", "POST"])
@for_providers_and_links
def show_offer(request: HttpRequest, visitor: Visitor, reference: str) -> HttpResponseBase:
    """Show a lead to a provider that was offered or told of it; POST gives an answer and leads back here.

    Raises: Http404 for every other provider; BadRequest for what no page of ours sends.
    """
    if request.method == "POST":
        return _answer(request, visitor, reference)
    return _show(request, visitor, reference, form=DeclineForm())


def _answer(request: HttpRequest, visitor: Visitor, reference: str) -> HttpResponseBase:
    name = request.POST.get("answer")
    seen = SeenForm(request.POST)
    if name not in ANSWERS or not seen.is_valid():
        raise BadRequest("The answer, or what the page showed, cannot be read.")
    page = find_offer_page(reference, visitor)
    if name != "claim" and page.card.offer is None:
        raise Http404(_("There is no such offer."))
    form = DeclineForm(request.POST) if name == "decline" else None
    if form is not None and not form.is_valid():
        # Of an offer that has ended the page shows no form, but how it ended.
        return _show(request, visitor, reference, form=form)
    arguments = form.cleaned_data if form is not None else {}
    outcome = give_answer(name, page.card.lead, visitor, seen=seen.cleaned_data, arguments=arguments)
    return _lead_on(request, visitor, outcome)


def _lead_on(request: HttpRequest, visitor: Visitor, outcome: Outcome) -> HttpResponseBase:
    """Say what came of an answer, on the page from which it was given or the list that asked to be led back to."""
    messages.add_message(request, messages.SUCCESS if outcome.is_done else messages.ERROR, outcome.sentence)
    if outcome.is_done and request.POST.get("back") == "offers" and not visitor.key:
        return redirect("offers")
    return redirect(request.path + visitor.query)


def _show(request: HttpRequest, visitor: Visitor, reference: str, *, form: DeclineForm) -> HttpResponse:
    page = find_offer_page(reference, visitor)
    context: dict[str, Any] = {
        "visitor": visitor,
        "page": page,
        # HEAD shows nothing, so that nothing is recorded as seen.
        "contact": None if request.method == "HEAD" else read_contact(page, visitor),
        "form": form,
        "decline_reasons": DeclineReason.choices,
    }
    return render(request, "portal/offer.html", context, status=422 if form.errors else 200)
