"""Statements that are planned once for each connection: what becomes of them when connections and transactions end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from backend.matching.prepared import running_prepared

RATIO = "SELECT %(share)s::float8 / %(whole)s AS ratio, 7 %% 4 AS rest"
TYPES = {"share": "float8", "whole": "float8"}


def ratio_of(share: float, whole: float, *, sql: str = RATIO) -> object:
    """Return what the prepared statement says."""
    with running_prepared(sql, {"share": share, "whole": whole}, types=TYPES) as cursor:
        return cursor.fetchone()


def count_prepared(of: str) -> int:
    """Count what this connection has prepared with a text in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{of}%"])
        return int(cursor.fetchone()[0])


class TestRunningPrepared:
    @pytest.mark.django_db(transaction=True)
    def test_prepares_once_for_a_connection_and_counts_one_statement(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        connection.close()
        with django_assert_num_queries(2):
            assert (ratio_of(1, 4), ratio_of(1, 8)) == ((0.25, 3), (0.125, 3))
        assert count_prepared("AS ratio") == 1
        connection.close()
        assert count_prepared("AS ratio") == 0
        assert ratio_of(3, 4) == (0.75, 3)

    @pytest.mark.django_db
    def test_outlives_what_is_rolled_back(self) -> None:
        sql = f"{RATIO}, 'rolled back' AS because"
        with pytest.raises(DataError, match="division by zero"), transaction.atomic():
            ratio_of(1, 0, sql=sql)
        assert ratio_of(1, 2, sql=sql) == (0.5, 3, "rolled back")
        assert count_prepared("rolled back") == 1

    @pytest.mark.django_db
    def test_plans_each_time_where_a_pool_changes_the_session(self, settings: Any) -> None:
        settings.DATABASE_PREPARES = False
        assert ratio_of(1, 4, sql=f"{RATIO}, 'pooled' AS because") == (0.25, 3, "pooled")
        assert count_prepared("pooled") == 0
