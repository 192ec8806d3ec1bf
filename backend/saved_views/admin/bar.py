"""The bar of saved views above a list."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from backend.saved_views.admin.forms import SaveForm
from backend.saved_views.models import SavedView
from workflows.admin.lists.address import NO_VIEW, VIEW_VAR, describing

__all__ = ["Bar", "Entry", "build_bar"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One view in the bar."""

    name: str
    query: str
    is_current: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """What the bar shows.  ``changed`` is the view one came from, when the list has been narrowed otherwise since."""

    entries: tuple[Entry, ...]
    everything: Entry
    changed: SavedView | None
    query: str
    form: SaveForm
    save_url: str
    manage_url: str

    @property
    def has_something_to_save(self) -> bool:
        """Return whether the list shows anything but everything, in an order of its own."""
        return bool(self.query)


def build_bar(request: HttpRequest, *, views: list[SavedView], save_url: str, manage_url: str) -> Bar:
    """Return the bar of a list as it is shown now."""
    query = describing(request.GET)
    chosen = next((view for view in views if request.GET.get(VIEW_VAR) == str(view.pk)), None)
    # Somebody else's key, or that of a view deleted since, says nothing.
    is_as_saved = chosen is not None and describing(QueryDict(chosen.query)) == query
    return Bar(
        entries=tuple(
            Entry(
                name=view.name,
                query=f"?{VIEW_VAR}={view.pk}",
                is_current=view is chosen,
                is_default=view.is_default,
            )
            for view in views
        ),
        everything=Entry("", f"?{VIEW_VAR}={NO_VIEW}", not query, is_default=False),
        changed=None if is_as_saved else chosen,
        query=query.urlencode(),
        form=SaveForm(initial={"query": query.urlencode()}, auto_id="save-view-%s"),
        save_url=save_url,
        manage_url=manage_url,
    )
