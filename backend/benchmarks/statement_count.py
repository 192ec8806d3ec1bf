"""How many statements a piece of work sends to the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

__all__ = ["count_statements"]


def count_statements(work: Callable[[], object]) -> int:
    """Do something and return how many statements it took; BEGIN and COMMIT are not counted."""
    count = 0

    def tick(execute: Callable[..., Any], sql: str, params: Any, *more: Any) -> Any:
        nonlocal count
        count += 1
        return execute(sql, params, *more)

    with connection.execute_wrapper(tick):
        work()
    return count
