"""What the pages of the terms show beside a form: what is in force, and what a version changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from backend.leads.models import TermsVersion
from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY, Terms
from backend.leads.terms_in_force import read_terms_book

__all__ = ["Cell", "Change", "InForce", "Row", "list_changes", "read_in_force", "term_label"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; ``differs``: a category's own."""

    value: int
    differs: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One term: the market's value, then one cell for each category that differs in something."""

    label: str
    help_text: str
    market: int
    exceptions: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds now.  ``market`` None: what is built in, since nobody has published anything yet."""

    market: TermsVersion | None
    exceptions: tuple[TermsVersion, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One term that a version changes, from what is in force."""

    label: str
    now: int
    then: int


def read_in_force() -> InForce:
    """Return what holds now: two statements."""
    in_force = TermsVersion.objects.filter(status=TermsVersion.Status.IN_FORCE)
    versions = list(in_force.select_related("category", "published_by").order_by("category__name"))
    exceptions = tuple(version for version in versions if version.category_id is not None)
    market = next((version for version in versions if version.category_id is None), None)
    book = read_terms_book()
    rows = tuple(
        Row(
            label=term_label(name),
            help_text=str(_field(name).help_text),
            market=getattr(book.market, name),
            exceptions=tuple(
                _cell(version, name, book.of(version.category_id or 0)) for version in exceptions
            ),
        )
        for name in MARKET_TERMS
    )
    return InForce(market, exceptions, rows)


def list_changes(version: TermsVersion) -> tuple[Change, ...]:
    """Return what a version would change of what is in force for its scope: two statements."""
    now = read_terms_book().of(version.category_id or 0)
    then = version.terms
    names = TERMS_BY_CATEGORY if version.category_id else MARKET_TERMS
    return tuple(
        Change(term_label(name), getattr(now, name), getattr(then, name))
        for name in names
        if getattr(now, name) != getattr(then, name)
    )


def term_label(name: str) -> str:
    """Return how a term is called in the admin."""
    return capfirst(str(_field(name).verbose_name))


def _cell(version: TermsVersion, name: str, terms: Terms) -> Cell:
    return Cell(getattr(terms, name), differs=getattr(version, name) is not None)


def _field(name: str) -> Any:
    return TermsVersion._meta.get_field(name)
