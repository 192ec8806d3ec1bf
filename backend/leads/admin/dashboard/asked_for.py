"""What the address of a page of figures asks for: a period, and perhaps one category."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from backend.leads.figures.scope import PERIODS_DAYS, Scope
from workflows import clock

__all__ = ["PeriodLink", "list_period_links", "read_scope"]


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """One choice of the period."""

    words: str
    address: str
    is_chosen: bool


def read_scope(request: HttpRequest, *, known: Collection[int]) -> Scope:
    """Return what the address asks for; what it asks for in vain is left out.  ``known`` are the categories' ids."""
    days, category = (_read_number(request.GET.get(name, "")) for name in ("days", "category"))
    scope = Scope(clock.now(), category_id=category if category in known else None)
    return Scope(scope.now, days, scope.category_id) if days in PERIODS_DAYS else scope


def list_period_links(scope: Scope) -> Iterator[PeriodLink]:
    """Yield the periods to choose from; the category stays."""
    category = {} if scope.category_id is None else {"category": scope.category_id}
    for days in PERIODS_DAYS:
        address = f"?{urlencode({'days': days, **category})}"
        yield PeriodLink(_("%(days)d days") % {"days": days}, address, is_chosen=days == scope.days)


def _read_number(words: str) -> int:
    """Return a number of an address; 0 when it is none, or longer than any that is meant."""
    return int(words) if words.isascii() and words.isdecimal() and len(words) < len(str(2**63)) else 0
