"""Fixtures of the tests of jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def clean_queue(transactional_db: None) -> Iterator[None]:
    """An empty queue whose changes are committed, for workers in processes of their own."""
    yield
    with connection.cursor() as cursor:
        # Django's flush leaves the tables of procrastinate alone: they are not managed.
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
