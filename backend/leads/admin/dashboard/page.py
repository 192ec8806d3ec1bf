"""The page: of which leads and days it speaks, and what of it the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from backend.catalog.models import Category
from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.bars import build_answer_bars, build_funnel_bars
from backend.leads.admin.dashboard.charts import Trends, build_trends
from backend.leads.admin.dashboard.machinery import build_machinery_tiles
from backend.leads.admin.dashboard.rates import build_acceptance_tile, build_fill_tile
from backend.leads.admin.dashboard.speed import build_speed_tiles
from backend.leads.admin.dashboard.tiles import Bar, Tile
from backend.leads.admin.dashboard.waiting import build_waiting_tiles
from backend.leads.figures.offers import count_answers
from backend.leads.figures.scope import PERIODS_DAYS, Scope
from backend.leads.figures.trend import Series
from backend.leads.models import Lead, LeadAssignment
from workflows import clock

__all__ = ["Dashboard", "PeriodLink", "build_dashboard"]


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """One choice of the period."""

    words: str
    address: str
    is_chosen: bool


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
    scope = _read_scope(request, known=[pk for pk, _name in categories])
    addresses = Addresses(request.user, scope)
    machinery = tuple(build_machinery_tiles(addresses))
    sees_leads, sees_offers = addresses.may_open(Lead), addresses.may_open(LeadAssignment)
    if not (sees_leads or sees_offers):
        return Dashboard(scope, machinery)
    answers = count_answers(scope) if sees_offers else None
    rates = [
        *([build_fill_tile(addresses)] if sees_leads else []),
        *([build_acceptance_tile(*answers, addresses)] if answers else []),
    ]
    return Dashboard(
        scope,
        machinery,
        is_empty=sees_leads and not Lead._base_manager.exists(),
        add_address=reverse("admin:leads_lead_add") if request.user.has_perms(_MAY_ADD) else "",
        periods=tuple(_period_links(scope)),
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


def _read_scope(request: HttpRequest, *, known: Collection[int]) -> Scope:
    """Return what the address asks for; what it asks for in vain is left out."""
    days, category = (_read_number(request.GET.get(name, "")) for name in ("days", "category"))
    scope = Scope(clock.now(), category_id=category if category in known else None)
    return Scope(scope.now, days, scope.category_id) if days in PERIODS_DAYS else scope


def _read_number(words: str) -> int:
    """Return a number of an address; 0 when it is none, or longer than any that is meant."""
    return int(words) if words.isascii() and words.isdecimal() and len(words) < len(str(2**63)) else 0


def _period_links(scope: Scope) -> Iterator[PeriodLink]:
    category = {} if scope.category_id is None else {"category": scope.category_id}
    for days in PERIODS_DAYS:
        address = f"?{urlencode({'days': days, **category})}"
        yield PeriodLink(_("%(days)d days") % {"days": days}, address, is_chosen=days == scope.days)
