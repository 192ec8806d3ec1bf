"""What stands in the address of a list beside its filters, and what of it is remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib.admin.views.main import (
    ALL_VAR,
    ERROR_FLAG,
    IGNORED_PARAMS,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
)
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

__all__ = [
    "LIST_VAR",
    "NO_VIEW",
    "POSITION_VAR",
    "VIEW_VAR",
    "describing",
    "filled",
    "remember",
    "remembered",
    "without",
]

VIEW_VAR = "view"
"""Which saved view one came from; a list takes no notice of it."""

NO_VIEW = "none"
"""What stands for none of them: everything, whatever view opens by itself."""

POSITION_VAR = "_at"
"""Where in its list an object stood, counted from 0, when one went to its page."""

LIST_VAR = "_changelist_filters"
"""Django's: the address of the list, in the address of an object's page."""

_OF_THE_MOMENT = {*IGNORED_PARAMS, PAGE_VAR, ERROR_FLAG, VIEW_VAR, POSITION_VAR, ALL_VAR} - {
    ORDER_VAR,
    SEARCH_VAR,
}


def describing(query: QueryDict) -> QueryDict:
    """Return what says which objects are listed in which order: no page, no place, nothing empty; sorted by name."""
    kept = QueryDict(mutable=True)
    for name, values in sorted(query.lists()):
        if name not in _OF_THE_MOMENT and (said := [str(value) for value in values if value]):
            kept.setlist(name, said)
    return kept


def filled(query: QueryDict) -> str | None:
    """Return the address without what a form has left empty, on its first page; None when nothing was."""
    # Django's "show all" says nothing but its name.
    if all(all(values) for name, values in query.lists() if name != ALL_VAR):
        return None
    kept = {
        name: said for name, values in query.lists() if name != PAGE_VAR and (said := [*filter(None, values)])
    }
    return or_everything(f"?{urlencode(kept, doseq=True)}")


def remember(query: QueryDict, *, position: int | None = None) -> str:
    """Return what an object's page is told of the list one comes from, as a part of its address; never empty."""
    kept = query.copy()
    kept.pop(POSITION_VAR, None)
    if position is not None:
        kept[POSITION_VAR] = str(position)
    # Django remembers nothing of a list without filters: then nobody could tell that one came from it.
    return urlencode({LIST_VAR: kept.urlencode() or f"{PAGE_VAR}=1"})


def remembered(request: HttpRequest) -> QueryDict | None:
    """Return the address of the list from which one came to an object's page; None when one did not."""
    words = request.GET.get(LIST_VAR)
    return QueryDict(words, mutable=True) if words else None


def without(parameters: Mapping[str, Collection[str]], names: Collection[str]) -> str:
    """Return an address with the parameters but for some of them, beginning with ``?``."""
    kept = {name: values for name, values in parameters.items() if name not in {*names, POSITION_VAR}}
    return or_everything(f"?{urlencode(sorted(kept.items()), doseq=True)}")


def or_everything(address: str) -> str:
    """Return an address that says so where nothing narrows the list: an empty one opens whatever opens by itself."""
    return f"?{VIEW_VAR}={NO_VIEW}" if address == "?" else address
