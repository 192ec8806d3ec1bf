"""Which terms hold now: the market's, and those of the categories that differ.

One small statement for all of them, each time they are asked for: a change applies to the next decision, in every
process.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backend.leads.terms import (
    BUILT_IN_TERMS,
    EARLIER_BUILT_IN_TERMS,
    MARKET_TERMS,
    TERMS_BY_CATEGORY,
    Terms,
)

__all__ = [
    "TermsBook",
    "duplicate_within_sql",
    "held_terms",
    "list_versions",
    "read_terms",
    "read_terms_book",
    "read_terms_book_with",
    "read_terms_named",
]

_A_DAY = datetime.timedelta(days=1)

_held: ContextVar[TermsBook | None] = ContextVar("leads_held_terms", default=None)


@dataclass(frozen=True, slots=True)
class TermsBook:
    """The terms in force: ``market`` for every category that is not among the ``exceptions`` (by its key)."""

    market: Terms = BUILT_IN_TERMS
    exceptions: Mapping[int, Terms] = field(default_factory=dict)

    def of(self, category_id: int) -> Terms:
        """Return the terms of a category."""
        return self.exceptions.get(category_id, self.market)


def read_terms_book() -> TermsBook:
    """Return all terms in force: one statement, none while they are held."""
    return _held.get() or _make_book(_read_in_force())


def read_terms_book_with(version: int, *, category_id: int | None) -> TermsBook:
    """Return all terms as they would be in force if a version of a category's (None: the market's) were: one statement.

    ``version`` is its key.
    """
    others = list_versions().filter(status="in_force").exclude(category=category_id)
    return _make_book(tuple(_columns_of(others | list_versions().filter(pk=version))))


def read_terms(category_id: int) -> Terms:
    """Return the terms in force for a category: one statement, none while they are held."""
    return read_terms_book().of(category_id)


def read_terms_named(version: str) -> Terms:
    """Return the terms that a decision names, such as ``terms/7``, ``terms/7+12`` or ``built-in/2``.

    Published versions never change, so that these are the values by which it was decided.
    """
    numbers = [int(number) for number in version.removeprefix("terms/").split("+") if number.isdigit()]
    built_in = EARLIER_BUILT_IN_TERMS.get(version.partition("+")[0], BUILT_IN_TERMS)
    book = _make_book(tuple(_columns_of(list_versions().filter(pk__in=numbers))), built_in=built_in)
    return next(iter(book.exceptions.values()), book.market)


@contextmanager
def held_terms() -> Iterator[TermsBook]:
    """Read the terms once for everything inside: for a batch that is to be made on the same terms."""
    book = read_terms_book()
    token = _held.set(book)
    try:
        yield book
    finally:
        _held.reset(token)


def duplicate_within_sql() -> Combinable:
    """Return the market's ``duplicate_within`` as an expression: part of a statement, not one of its own."""
    market = list_versions().filter(status="in_force", category=None).values("duplicate_days")
    days = Coalesce(Subquery(market), Value(BUILT_IN_TERMS.duplicate_days))
    return ExpressionWrapper(days * Value(_A_DAY), output_field=DurationField())


def list_versions() -> QuerySet[Any]:
    """Return all versions of the terms, whatever their state."""
    versions: QuerySet[Any] = apps.get_model("leads", "TermsVersion")._base_manager.all()
    return versions


_COLUMNS = ("pk", "category", *MARKET_TERMS)

Row = tuple[Any, ...]


def _columns_of(versions: QuerySet[Any]) -> QuerySet[Any, Row]:
    return versions.order_by("pk").values_list(*_COLUMNS)


@functools.cache
def _in_force_sql() -> tuple[str, tuple[Any, ...]]:
    """Return the statement for what is in force: every routing asks it, and making it takes longer than running it."""
    return _columns_of(list_versions().filter(status="in_force")).query.sql_with_params()


def _read_in_force() -> tuple[Row, ...]:
    with connection.cursor() as cursor:
        cursor.execute(*_in_force_sql())
        return tuple(cursor.fetchall())


@functools.lru_cache(maxsize=16)
def _make_book(versions: tuple[Row, ...], *, built_in: Terms = BUILT_IN_TERMS) -> TermsBook:
    """Make the book of rows of ``_COLUMNS``; the same rows are mostly in force as the last time."""
    rows = [dict(zip(_COLUMNS, version, strict=True)) for version in versions]
    market = built_in
    for row in rows:
        if row["category"] is None:
            market = market.with_changes(_pick(row, MARKET_TERMS), version=f"terms/{row['pk']}")
    return TermsBook(
        market,
        {
            row["category"]: market.with_changes(
                _pick(row, TERMS_BY_CATEGORY), version=f"{market.version}+{row['pk']}"
            )
            for row in rows
            if row["category"] is not None
        },
    )


def _pick(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, int | None]:
    return {name: row[name] for name in names}
