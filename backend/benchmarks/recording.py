"""What a piece of work writes, as plain SQL, recorded and not done: to be sent again without the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from psycopg import ClientCursor

__all__ = ["read_sequences", "record_writes", "reset_sequences"]

# The queue of jobs writes by a function of its own.
_WRITES = ("INSERT", "UPDATE", "DELETE")
_WRITING_FUNCTION = "procrastinate_defer_jobs"

_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"


def record_writes(work: Callable[[], object]) -> list[str]:
    """Do something in a transaction that is rolled back; return the statements that wrote, with their values.

    The keys that the database gave are among the values.  They fit again when the sequences stand where they stood
    (``reset_sequences``) and the statements are sent in the order in which they were recorded.
    """
    statements: list[str] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, *more: Any) -> Any:
        if sql.lstrip().startswith(_WRITES) or _WRITING_FUNCTION in sql:
            statements.append(_render(sql, params))
        return execute(sql, params, *more)

    with transaction.atomic(), connection.execute_wrapper(record):
        work()
        transaction.set_rollback(True)
    return statements


def read_sequences() -> Mapping[str, int | None]:
    """Return the last value that each sequence gave; None for one that gave none yet."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES)
        return dict(cursor.fetchall())


def reset_sequences(values: Mapping[str, int | None]) -> None:
    """Have the sequences go on after these values again."""
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [name, value or 1, value is not None])


def _render(sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> str:
    return ClientCursor(connection.connection).mogrify(sql, params)
