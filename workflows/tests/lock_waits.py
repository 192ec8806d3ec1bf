"""Whether somebody waits for a lock: tests that let a rival come in between go on as soon as it does."""

from __future__ import annotations

from django.db import connection

__all__ = ["somebody_waits"]

# Of this database alone: other processes of the tests have theirs in the same server.
_WAITING = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks AS held JOIN pg_database ON pg_database.oid = held.database
        WHERE datname = current_database()
    )
), pg_sleep(0.01)
"""


def somebody_waits() -> bool:
    """Return, after a hundredth of a second, whether another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])
