"""Which objects stand before and after one in the list from which one came to its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict

from workflows.admin.lists.address import POSITION_VAR, remembered
from workflows.admin.lists.change_list import unread_list

__all__ = ["Neighbours", "find_neighbours"]

_MARGIN = 100
"""How far an object may have moved in its list, either way, while one looked at it."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The keys of the objects before and after one, None where the list ends, and where it stands itself.

    When the object has left its list (it was *new*, and was verified), it stands where it stood: the next one is
    that which has moved up into its place.
    """

    position: int
    previous: Any | None
    next: Any | None
    is_listed: bool

    @property
    def next_position(self) -> int:
        """Return where the next one stands."""
        return self.position + 1 if self.is_listed else self.position


def find_neighbours(model_admin: ModelAdmin[Any], request: HttpRequest, pk: Any) -> Neighbours | None:
    """Return what stands beside an object in the list one came from; None when one came from none, or it has changed
    so much that nothing can be said.  One statement beside those of the list's filters.
    """
    query = remembered(request)
    if query is None:
        return None
    was_at = _number(query.get(POSITION_VAR))
    start, stop = _window(query, model_admin, was_at)
    try:
        listed = unread_list(model_admin, request, query).queryset
        pks = list(listed.values_list("pk", flat=True)[start:stop])
    except (IncorrectLookupParameters, SuspiciousOperation):
        return None
    if pk in pks:
        here = pks.index(pk)
        return Neighbours(start + here, _at(pks, here - 1), _at(pks, here + 1), is_listed=True)
    if was_at is None:
        return None
    return Neighbours(was_at, _at(pks, was_at - start - 1), _at(pks, was_at - start), is_listed=False)


def _window(query: QueryDict, model_admin: ModelAdmin[Any], was_at: int | None) -> tuple[int, int]:
    """Return which part of the list to look at: the page one came from, or around where one was."""
    if was_at is not None:
        return max(was_at - _MARGIN, 0), was_at + _MARGIN
    if ALL_VAR in query:
        return 0, model_admin.list_max_show_all
    size, page = model_admin.list_per_page, max(_number(query.get(PAGE_VAR)) or 1, 1)
    return max((page - 1) * size - 1, 0), page * size + 1


def _at(pks: list[Any], index: int) -> Any | None:
    return pks[index] if 0 <= index < len(pks) else None


def _number(words: str | None) -> int | None:
    """Return a number from an address; None when it is none, or absurd."""
    is_one = words is not None and words.isascii() and words.isdecimal() and len(words) < 9
    return int(words) if is_one and words else None
