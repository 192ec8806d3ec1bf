"""How quick is a process map over a million events of one machine, and how slow would it be the naive way?"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.process_rows import EVENTS, fill_history
from backend.catalog.models import Category
from backend.leads.models import Lead
from backend.users.models import User
from workflows.process_map import Period, read_process_map

__all__ = ["TITLE", "measure"]

TITLE = f"The process map of a machine with {EVENTS:,} events"

LOOKS = 7
NAIVE_LOOKS = 3
MAP = "/admin/leads/lead/process-map/"

PERIODS: Mapping[str, int | None] = {"all time": None, "30 days": 30}
"""What is asked, as the number of days; None for all."""

# What one would write first: both tables of the log joined, once for the edges and once for the states.
_NAIVE = """
    SELECT {names}, count(*),
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY r.time_in_previous_state)
      FROM django_fsm_log_statelog s
      JOIN workflows_transitionrecord r ON r.log_id = s.id
     WHERE r.machine = 'leads.lead' {condition}
     GROUP BY {names}
"""
_EDGES = "s.transition, s.source_state, s.state"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of: the last so many days, None for all time; the leads of a category, None for all."""

    days: int | None
    category: Category | None

    @property
    def period(self) -> Period:
        """Return the span of days."""
        return Period.last(self.days) if self.days else Period()


def measure() -> Iterator[Measurement]:
    """Yield for each question the medians in ms: of the whole page, of its figures alone, and of the naive way."""
    fill_history()
    client = _log_in()
    category = Category.objects.get(slug="mapped-7")
    for name, days in PERIODS.items():
        for narrowed in (None, category):
            asked = Question(days, narrowed)
            yield Measurement(
                f"{name}, one category of twenty" if narrowed else name,
                _compare(
                    page_ms=_median_ms(functools.partial(_look, client, asked), looks=LOOKS),
                    figures_ms=_median_ms(functools.partial(_read, asked), looks=LOOKS),
                    naive_ms=_median_ms(functools.partial(_read_naively, asked), looks=NAIVE_LOOKS),
                ),
            )


def _compare(*, page_ms: float, figures_ms: float, naive_ms: float) -> dict[str, float]:
    return {
        "page p50 ms": page_ms,
        "its figures p50 ms": figures_ms,
        "the naive way p50 ms": naive_ms,
        "naive : figures": naive_ms / figures_ms,
    }


def _log_in() -> Client:
    operator = User.objects.create_user("benchmark-operator", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(operator)
    return client


def _look(client: Client, asked: Question) -> None:
    query = {"days": str(asked.days or "all")}
    if asked.category:
        query["category"] = str(asked.category.pk)
    response = client.get(MAP, query, secure=True)
    assert response.status_code == 200, response.status_code


def _read(asked: Question) -> None:
    objects = Lead.objects.filter(category=asked.category) if asked.category else None
    found = read_process_map(Lead, period=asked.period, objects=objects)
    assert asked.days or asked.category or found.events == EVENTS, found.events


def _read_naively(asked: Question) -> None:
    conditions: list[str] = []
    parameters: list[Any] = []
    if asked.days:
        conditions.append("AND s.timestamp >= %s")
        parameters.append(asked.period.begin)
    if asked.category:
        conditions.append("AND s.object_id IN (SELECT id FROM leads_lead WHERE category_id = %s)")
        parameters.append(asked.category.pk)
    with connection.cursor() as cursor:
        for names, more in ((_EDGES, ""), ("s.source_state", "AND s.source_state <> s.state")):
            statement = _NAIVE.format(names=names, condition=" ".join([*conditions, more]))
            cursor.execute(statement, parameters)
            cursor.fetchall()
        cursor.execute("SELECT status, count(*) FROM leads_lead GROUP BY status")
        cursor.fetchall()


def _median_ms(call: Callable[[], None], *, looks: int) -> float:
    """Return the median of the times; a first call, which is not counted, warms what is kept."""
    times_ms = []
    for _look_number in range(looks + 1):
        begun = time.perf_counter()
        call()
        times_ms.append((time.perf_counter() - begun) * 1000)
    return percentile(times_ms[1:], 50)
