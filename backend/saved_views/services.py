"""Saving, changing and deleting views: each is its owner's alone."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from backend.saved_views.errors import NameTaken, TooManyViews
from backend.saved_views.models import SavedView

__all__ = ["VIEWS_MAX", "replace_query", "revise_view", "save_view"]

VIEWS_MAX = 30
"""Views of a list that somebody may have: more than these nobody finds again."""


def save_view(owner: Any, list_label: str, *, name: str, query: str, is_default: bool) -> SavedView:
    """Save a new view.

    Raises: NameTaken when its owner has one of this name; TooManyViews when there is no room.
    """
    count = SavedView.objects.filter(owner=owner, list_label=list_label).count()
    if count >= VIEWS_MAX:
        raise TooManyViews(count)
    view = SavedView(owner=owner, list_label=list_label, name=name, query=query, is_default=is_default)
    _write(view)
    return view


def replace_query(view: SavedView, query: str) -> None:
    """Let a view stand for something else from now on."""
    view.query = query
    view.save(update_fields=["query"])


def revise_view(view: SavedView, *, name: str, is_default: bool) -> None:
    """Rename a view, or say whether it opens first.  Raises: NameTaken when another one has the name."""
    view.name, view.is_default = name, is_default
    _write(view)


def _write(view: SavedView) -> None:
    """Save a view; where it opens first, no other does."""
    try:
        with transaction.atomic():
            if view.is_default:
                others = SavedView.objects.filter(owner=view.owner_id, list_label=view.list_label)
                others.exclude(pk=view.pk).update(is_default=False)
            view.save()
    except IntegrityError as error:
        # By the constraint: nothing that is read before could tell what somebody saves at the same time.
        raise NameTaken(view.name) from error
