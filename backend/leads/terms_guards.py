"""What must hold before a version of the terms is put in force.  Pure: they read, and say what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY, Terms, find_faults
from backend.leads.terms_in_force import list_versions, read_terms_book
from workflows import Attempt, Blocker, guard
from workflows.locking import lock_out

if TYPE_CHECKING:
    from backend.leads.models import TermsVersion

# "TERMS"; any number will do that nothing else locks.
_LOCK = 0x5445524D53

__all__ = [
    "is_of_a_category",
    "nothing_was_published_since",
    "something_is_changed",
    "terms_can_hold",
]


@guard(gettext_lazy("Nothing was published since"))
def nothing_was_published_since(version: TermsVersion, attempt: Attempt) -> Blocker | None:
    """The version in force is the one that the draft was made from: else it would undo what nobody looked at.

    Asked first: in a transition it locks out other publishings, so that what is judged here and by the others holds.
    """
    if connection.in_atomic_block:
        lock_out(_LOCK)
    present = list_versions().filter(status="in_force", category=version.category_id).first()
    if attempt.arguments.get("replaces_newer") or (present and present.pk) == version.based_on_id:
        return None
    newer = str(present) if present else _("no version of its own")
    return Blocker(
        _("Since it was drafted, the version in force has become another: %(newer)s.") % {"newer": newer},
        lifted_by="replaces_newer",
    )


@guard(gettext_lazy("The terms can hold"))
def terms_can_hold(version: TermsVersion, attempt: Attempt) -> Blocker | None:
    """Its values fit together, and with the categories that differ from the market in some of them."""
    terms = version.terms
    faults = find_faults(terms)
    if faults:
        return Blocker(_describe_faults(version, faults))
    if version.category_id is None:
        for exception in _list_exceptions():
            faults = find_faults(_over(terms, exception))
            if faults:
                return Blocker(
                    _("%(category)s differs from the market, and would not fit: %(faults)s")
                    % {"category": exception.category, "faults": _describe_faults(version, faults)}
                )
    return None


@guard(gettext_lazy("Something is changed"))
def something_is_changed(version: TermsVersion, attempt: Attempt) -> Blocker | None:
    """It says something else than what is in force."""
    book = read_terms_book()
    present = book.market if version.category_id is None else book.of(version.category_id)
    proposed = version.terms
    if any(getattr(present, name) != getattr(proposed, name) for name in MARKET_TERMS):
        return None
    return Blocker(_("It says what is in force already: change something, or discard it."))


@guard(gettext_lazy("Is of a category"))
def is_of_a_category(version: TermsVersion, attempt: Attempt) -> Blocker | None:
    """The market always has terms: its version is replaced, never ended."""
    if version.category_id is not None:
        return None
    return Blocker(_("The market's terms are replaced by publishing others; they do not end."))


def _over(market: Terms, exception: TermsVersion) -> Terms:
    changes = {name: getattr(exception, name) for name in TERMS_BY_CATEGORY}
    return market.with_changes(changes, version=market.version)


def _list_exceptions() -> list[TermsVersion]:
    exceptions = list_versions().filter(status="in_force", category__isnull=False)
    return list(exceptions.select_related("category").order_by("category__name"))


def _describe_faults(version: TermsVersion, faults: dict[str, str]) -> str:
    def label(name: str) -> Any:
        return version._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # a term is a field of its own

    return " ".join(f"{label(name)}: {message}" for name, message in faults.items())
