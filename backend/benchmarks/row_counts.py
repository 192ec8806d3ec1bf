"""How many rows of which tables were written, as the server counts them."""

from __future__ import annotations

from collections import Counter

from django.db import connection

__all__ = ["count_written"]

_COUNTED = """
SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE relname NOT LIKE 'benchmark%%'
"""


def count_written() -> Counter[str]:
    """Return by ``table operation`` how many rows were written since the database was made, rolled back ones too.

    Complete for sessions that have ended and for this connection: differences of two calls are exact.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(_COUNTED, [])
        counted: Counter[str] = Counter()
        for table, inserted, updated, deleted in cursor.fetchall():
            counted += Counter(
                {f"{table} inserted": inserted, f"{table} updated": updated, f"{table} deleted": deleted}
            )
    return counted
