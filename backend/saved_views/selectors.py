"""Reading saved views: everybody their own."""

from __future__ import annotations

from typing import Any

from backend.saved_views.models import SavedView

__all__ = ["find_view", "find_view_named", "list_views"]


def list_views(owner: Any, list_label: str) -> list[SavedView]:
    """Return somebody's views of a list, by name; one statement."""
    return list(SavedView.objects.filter(owner=owner, list_label=list_label))


def find_view(owner: Any, list_label: str, pk: int) -> SavedView | None:
    """Return one of somebody's own views of a list; None when it is none, or another's."""
    return SavedView.objects.filter(owner=owner, list_label=list_label, pk=pk).first()


def find_view_named(owner: Any, list_label: str, name: str) -> SavedView | None:
    """Return somebody's view of a list by its name, however it is written; None when there is none."""
    return SavedView.objects.filter(owner=owner, list_label=list_label, name__iexact=name).first()
