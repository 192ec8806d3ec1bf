"""How do search and routing grow from ten thousand providers to a million, and the index that they go by?"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Sequence

from django.db import connection, transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.processor_time import Taken, measure_time
from backend.benchmarks.progress import say
from backend.benchmarks.provider_market import add_providers, make_categories, make_leads
from backend.leads.models import Lead
from backend.leads.selectors import request_of
from backend.leads.services.lead_router import route
from backend.matching.coverage import refresh_coverage
from backend.matching.search import find_candidates
from backend.matching.values import Search
from workflows import clock

__all__ = ["TITLE", "measure"]

SIZES = tuple(map(int, os.environ.get("BENCHMARK_PROVIDERS", "10000 100000 1000000").split()))
LEADS, CHANGES = 200, 200
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
            say(f"adding providers up to {size:,}")
            add_providers(before + 1, size, first_category=first_category)
            before = size
            yield _measure_size(size, leads)


def _measure_size(size: int, leads: Sequence[Lead]) -> Measurement:
    say("building the index anew")
    rebuilt = measure_time(lambda: refresh_coverage(None))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # of all tables, as autovacuum does before long
    say(f"searching and routing {len(leads)} leads")
    # The second look is measured: what is read is in memory then, as in a market at work.
    eligible = [_search(lead).eligible_count for lead in leads]
    searches = [measure_time(lambda lead=lead: _search(lead)) for lead in leads]  # type: ignore[misc]  # bound now
    routes = [_measure_route(lead) for lead in leads]
    changes = [measure_time(lambda pk=pk: refresh_coverage([pk])) for pk in range(1, CHANGES + 1)]  # type: ignore[misc]  # bound now
    return Measurement(
        f"{size:,} providers",
        {
            "eligible p50": percentile(eligible, 50),
            "eligible p99": percentile(eligible, 99),
            **_summarize("search", searches),
            **_summarize("`route()`", routes),
            "index MB": _index_mb(),
            "rebuild s": rebuilt.clock_ms / 1000,
            "one change p50 ms": percentile([one.clock_ms for one in changes], 50),
        },
    )


def _search(lead: Lead) -> Search:
    return find_candidates(request_of(lead))


def _measure_route(lead: Lead) -> Taken:
    """Route a lead as `verify` does, its row locked; what it wrote is rolled back, and not measured."""
    with transaction.atomic():
        locked = Lead._base_manager.select_for_update().select_related("category").get(pk=lead.pk)
        taken = measure_time(lambda: route(locked))
        transaction.set_rollback(True)
    return taken


def _summarize(name: str, times: Sequence[Taken]) -> dict[str, float]:
    return {
        f"{name} p50 ms": percentile([one.clock_ms for one in times], 50),
        f"{name} p99 ms": percentile([one.clock_ms for one in times], 99),
        f"{name} CPU p50 ms": percentile([one.processor_ms for one in times], 50),
    }


def _index_mb() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('coverage_area_gist')")
        return float(cursor.fetchone()[0]) / 1e6
