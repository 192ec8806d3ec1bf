"""The list of a provider's offers, and the part of it that keeps itself up to date."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from backend.leads.models.assignment import DeclineReason
from backend.portal.board import list_past_offers, read_board
from backend.portal.cards import card_of_offer
from backend.portal.visitors import Visitor, for_providers

__all__ = ["list_offers"]

PAST_ON_A_PAGE = 10


class _Request(HttpRequest):
    htmx: HtmxDetails


@require_safe
@for_providers
def list_offers(request: _Request, visitor: Visitor) -> HttpResponse:
    """Show all offers; asked by htmx, answer the live part alone, or 204 where it is as the page has it.

    ``seen`` is the fingerprint of what the page shows.
    """
    board = read_board(visitor.provider)
    context = {"visitor": visitor, "board": board, "decline_reasons": DeclineReason.choices}
    if request.htmx:
        if request.GET.get("seen") == board.fingerprint:
            return HttpResponse(status=204)
        return render(request, "portal/offers.html#live", context)
    past = Paginator(list_past_offers(visitor.provider), PAST_ON_A_PAGE).get_page(request.GET.get("page"))
    cards = [card_of_offer(offer, visitor.provider) for offer in past]
    return render(request, "portal/offers.html", {**context, "past": past, "past_cards": cards})
