"""What can go wrong with saved views.

``SavedViewError``
    ``NameTaken``: another view of the list has the name
    ``TooManyViews``: there is no room for one more
"""

from __future__ import annotations

from django.utils.translation import gettext as _

__all__ = ["NameTaken", "SavedViewError", "TooManyViews"]


class SavedViewError(Exception):
    """Cannot do this with a saved view; the message says why, to its owner."""


class NameTaken(SavedViewError):
    """Another view of the list has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(_("You have a view called “%(name)s” already.") % {"name": name})
        self.name = name


class TooManyViews(SavedViewError):
    """There is no room for one more."""

    def __init__(self, count: int) -> None:
        super().__init__(
            _("You have %(count)d views of this list, which is the most: delete one first.")
            % {"count": count}
        )
        self.count = count
