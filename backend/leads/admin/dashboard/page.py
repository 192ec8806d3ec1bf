"""The page: of which leads and days it speaks, and what of it the reader may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from backend.catalog.models import Category
from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.asked_for import PeriodLink, list_period_links, read_scope
from backend.leads.admin.dashboard.bars import build_answer_bars, build_funnel_bars
from backend.leads.admin.dashboard.charts import Trends, build_trends
from backend.leads.admin.dashboard.fairness import build_fairness_tiles
from backend.leads.admin.dashboard.machinery import build_machinery_tiles
from backend.leads.admin.dashboard.rates import build_acceptance_tile, build_fill_tile
from backend.leads.admin.dashboard.speed import build_speed_tiles
from backend.leads.admin.dashboard.tiles import Bar, Tile
from backend.leads.admin.dashboard.waiting import build_waiting_tiles
from backend.leads.figures.offers import count_answers
from backend.leads.figures.scope import Scope
from backend.leads.figures.trend import Series
from backend.leads.models import Lead, LeadAssignment

__all__ = ["Dashboard", "build_dashboard"]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the page shows; what its reader may not see is empty, or None."""

    scope: Scope
    machinery: tuple[Tile, ...]
    is_empty: bool = False
    add_address: str = ""
    periods: tuple[PeriodLink, ...] = ()
    categories: tuple[tuple[int, str], ...] = ()
    waiting: tuple[Tile, ...] = ()
    speed: tuple[Tile, ...] = ()
    rates: tuple[Tile, ...] = ()
    funnel: tuple[Bar, ...] = ()
    answers: tuple[Bar, ...] = ()
    trends: Trends | None = None


def build_dashboard(request: HttpRequest) -> Dashboard:
    """Return the page for whoever asks, of the period (``days``) and ``category`` in the address."""
    categories = tuple(Category.objects.order_by("name").values_list("pk", "name"))
    scope = read_scope(request, known=[pk for pk, _name in categories])
    addresses = Addresses(request.user, scope)
    machinery = tuple(build_machinery_tiles(addresses))
    sees_leads, sees_offers = addresses.may_open(Lead), addresses.may_open(LeadAssignment)
    if not (sees_leads or sees_offers):
        return Dashboard(scope, machinery)
    answers = count_answers(scope) if sees_offers else None
    rates = [
        *([build_fill_tile(addresses)] if sees_leads else []),
        *([build_acceptance_tile(*answers, addresses)] if answers else []),
        *build_fairness_tiles(addresses),
    ]
    return Dashboard(
        scope,
        machinery,
        is_empty=sees_leads and not Lead._base_manager.exists(),
        add_address=reverse("admin:leads_lead_add") if request.user.has_perms(_MAY_ADD) else "",
        periods=tuple(list_period_links(scope)),
        categories=categories,
        waiting=tuple(build_waiting_tiles(addresses)) if sees_leads else (),
        speed=tuple(build_speed_tiles(addresses)) if sees_leads else (),
        rates=tuple(rates),
        funnel=tuple(build_funnel_bars(addresses)) if sees_leads else (),
        answers=tuple(build_answer_bars(answers[0], addresses)) if answers else (),
        trends=build_trends(addresses, hidden=[] if sees_offers else [Series.OFFERED])
        if sees_leads
        else None,
    )


_MAY_ADD = ["leads.add_lead", "leads.add_leadcontact"]
