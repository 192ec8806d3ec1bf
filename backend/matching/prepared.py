"""Statements that are planned once for each connection: planning one that joins much takes as long as running it.

By ``PREPARE`` and ``EXECUTE`` as plain SQL, because Django binds parameters on the client, and because psycopg forgets
what it prepared whenever a transaction is rolled back.  Where a pool between here and PostgreSQL hands out another
session for each transaction, ``DATABASE_PREPARES`` must be off: the same statements are then planned every time.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

__all__ = ["running_prepared"]

# By connection of psycopg: a new one has nothing prepared.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement under a name that stands for its text: what prepares it, and what runs it."""

    name: str
    definition: str
    call: str


@contextmanager
def running_prepared(
    sql: str, parameters: Mapping[str, Any], *, types: Mapping[str, str]
) -> Iterator[CursorWrapper]:
    """Run a statement, which is prepared when a connection meets it first, and give the cursor with its rows.

    ``types`` has the PostgreSQL type of every parameter that the statement names.  The rows come as they are in memory,
    which neither side has to write or read as text.  Preparing is part of setting up the connection: it outlives the
    transaction, and is not among the statements that Django counts.

    Raises: KeyError when the statement names a parameter without a type.
    """
    with connection.cursor() as usual:
        if settings.DATABASE_PREPARES:
            sql = _prepare(usual, sql, tuple(types.items()))
        text = usual.cursor.mogrify(sql, parameters)
        # Django's own cursors of psycopg refuse to fetch numbers as they are.
        with type(usual)(psycopg.Cursor(usual.connection), connection) as cursor:
            cursor.cursor.format = Format.BINARY
            cursor.execute(text)
            yield cursor


def _prepare(cursor: CursorWrapper, sql: str, types: tuple[tuple[str, str], ...]) -> str:
    """Prepare a statement unless the connection knows it; return what runs it."""
    statement = _describe(sql, types)
    known = _prepared.setdefault(cursor.connection, set())
    if statement.name not in known:
        with connection.wrap_database_errors:
            cursor.cursor.execute(statement.definition)
        known.add(statement.name)
    return statement.call


@functools.lru_cache(maxsize=64)
def _describe(sql: str, types: tuple[tuple[str, str], ...]) -> _Statement:
    name = f"procompare_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
    numbered = {parameter: f"${number}" for number, (parameter, _type) in enumerate(types, start=1)}
    values = ", ".join(f"%({parameter})s" for parameter, _type in types)
    return _Statement(
        name=name,
        definition=f"PREPARE {name} ({', '.join(type_ for _parameter, type_ in types)}) AS {sql % numbered}",
        call=f"EXECUTE {name} ({values})",
    )
