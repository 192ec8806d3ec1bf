"""How do search and routing grow from ten thousand providers to a million, and the index that they go by?"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Sequence

from django.db import connection, transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.provider_market import add_providers, make_categories, make_leads
from backend.leads.models import Lead
from backend.leads.selectors import request_of
from backend.leads.services.lead_router import route
from backend.matching.coverage import refresh_coverage
from backend.matching.search import find_candidates
from workflows import clock

__all__ = ["TITLE", "measure"]

SIZES = (10_000, 100_000, 1_000_000)
LEADS = 300
NOON = datetime.datetime(2025, 6, 11, 12, tzinfo=datetime.UTC)
"""A Wednesday: offices are open."""
TITLE = f"Search and routing over {SIZES[0]:,} to {SIZES[-1]:,} providers, 1.9 categories each"


def measure() -> Iterator[Measurement]:
    """Yield for each size how long search and ``route()`` take for the same leads, and the index's size and upkeep."""
    with clock.at(NOON):
        first_category = make_categories()
        leads = make_leads(LEADS, first_category=first_category)
        before = 0
        for size in SIZES:
            add_providers(before + 1, size, first_category=first_category)
            before = size
            yield _measure_size(size, leads)


def _measure_size(size: int, leads: Sequence[Lead]) -> Measurement:
    rebuild_ms = _time_ms(lambda: refresh_coverage(None))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) matching_coveragearea")
    requests = [request_of(lead) for lead in leads]
    for request in requests:
        find_candidates(
            request
        )  # the second look is measured: what is read is in memory, as in a market at work
    searches_ms = [_time_ms(lambda request=request: find_candidates(request)) for request in requests]  # type: ignore[misc]  # bound now
    routes_ms = [_time_route_ms(lead) for lead in leads]
    changes_ms = [_time_ms(lambda number=number: refresh_coverage([number])) for number in range(1, 200)]  # type: ignore[misc]  # bound now
    eligible = [find_candidates(request).eligible_count for request in requests]
    return Measurement(
        f"{size:,} providers",
        {
            "eligible p50": percentile(eligible, 50),
            "eligible p99": percentile(eligible, 99),
            "search p50 ms": percentile(searches_ms, 50),
            "search p99 ms": percentile(searches_ms, 99),
            "route() p50 ms": percentile(routes_ms, 50),
            "route() p99 ms": percentile(routes_ms, 99),
            "index MB": _index_mb(),
            "rebuild s": rebuild_ms / 1000,
            "one change p50 ms": percentile(changes_ms, 50),
        },
    )


def _time_route_ms(lead: Lead) -> float:
    """Route a lead as `verify` does, its row locked; everything but the measured time is rolled back."""
    with transaction.atomic():
        locked = Lead._base_manager.select_for_update().select_related("category").get(pk=lead.pk)
        taken_ms = _time_ms(lambda: route(locked))
        transaction.set_rollback(True)
    return taken_ms


def _index_mb() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('coverage_area_gist')")
        return float(cursor.fetchone()[0]) / 1e6


def _time_ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
