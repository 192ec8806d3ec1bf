"""Plant what the database would refuse, and see who finds it: shared by the tests of all invariants."""

from __future__ import annotations

from django.db import connection

from workflows.invariants import examine, list_invariants


def plant(sql: str, *parameters: object) -> None:
    """Run raw SQL past the triggers and foreign keys, as somebody could who administers the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def drop_constraint(table: str, name: str) -> None:
    """Take a constraint away until the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def drop_index(name: str) -> None:
    """Take a unique index away until the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def find_violators(name: str) -> tuple[int, ...]:
    """Return the ids that one invariant finds."""
    invariant = next(one for one in list_invariants() if one.name == name)
    return next(examine([invariant], ids_max=100)).ids


def find_violated() -> set[str]:
    """Return the names of all invariants that do not hold."""
    return {found.invariant.name for found in examine(list_invariants(), ids_max=1) if not found.holds}
