"""What is recorded can be sent again: the same rows, the same keys, and nothing is left of the recording."""

from __future__ import annotations

import pytest
from django.db import connection

from backend.benchmarks.floor import split_by_transaction
from backend.benchmarks.recording import read_sequences, record_writes, reset_sequences
from backend.benchmarks.statement_count import count_statements
from backend.catalog.models import Category

REPORT = """\
latency average = 7.485 ms
statement latencies in milliseconds and failures:
         4.566           0 INSERT INTO benchmark_floor SELECT 1;
         0.055           0 BEGIN;
         0.176           0 INSERT INTO leads_lead VALUES ('
         0.160           0 COMMIT;
         0.050           0 BEGIN;
         1.000           0 UPDATE leads_lead SET wave = 1;
         0.500           0 COMMIT;
         2.500           0 INSERT INTO benchmark_floor SELECT 2;
"""


def make_category() -> None:
    category = Category.objects.create(name="Roofs: 50% off", slug="roofs")
    Category.objects.filter(pk=category.pk).update(name=f"It's number {category.pk}")


@pytest.mark.django_db
class TestRecordWrites:
    def test_leaves_nothing_and_gives_statements_that_do_the_same(self) -> None:
        before = read_sequences()
        statements = record_writes(make_category)
        assert [statement.split()[0] for statement in statements] == ["INSERT", "UPDATE"]
        assert not Category.objects.exists()
        reset_sequences(before)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.replace("%", "%%"), [])
        category = Category.objects.get()
        assert category.name == f"It's number {category.pk}"

    def test_reads_are_left_out(self) -> None:
        assert record_writes(Category.objects.count) == []


class TestSplitByTransaction:
    def test_adds_up_what_lies_between_begin_and_commit(self) -> None:
        assert split_by_transaction(REPORT) == pytest.approx((0.391, 1.55))


@pytest.mark.django_db
class TestCounts:
    def test_statements_are_counted_without_begin_and_commit(self) -> None:
        assert count_statements(make_category) == 2
