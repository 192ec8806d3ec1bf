"""How quick is the page of a provider, with 300,000 decisions that each exclude forty others?"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.large_market import CATEGORIES, LargeMarket, build_market
from backend.leads.figures.exclusions import count_exclusions
from backend.leads.figures.scope import Scope
from backend.leads.figures.scorecard import measure_scorecard
from backend.users.models import User
from workflows import clock

__all__ = ["TITLE", "measure"]

MARKET = LargeMarket(leads=50_000)
DECISIONS = 300_000
EXCLUDED = 40
TITLE = f"The page of a provider over {DECISIONS:,} decisions and {MARKET.offers:,} offers"
LOOKS = 9

PROVIDER = 7
"""One in twenty decisions excludes it."""

_OFFERED = """
INSERT INTO users_providercategory (provider_id, category_id)
SELECT provider.id, category.id FROM users_providerprofile AS provider
  JOIN catalog_category AS category ON mod(provider.id, %(categories)s) IN (
       mod(category.id, %(categories)s), mod(category.id + 1, %(categories)s))
"""

# Further waves of the leads that there are, spread over half a year.
_DECISIONS = """
INSERT INTO leads_routingdecision (id, lead_id, wave, is_revision, policy_version, terms_version, places, offered_count,
       told_count, candidates_count, eligible_count, shortfall, candidates, excluded, shadow, excluded_counts,
       exclusion_keys, created_at)
SELECT 10000000 + 6 * lead.id + number, lead.id, 100 + number,
       false, 'benchmark', 'built-in/2', 3, 3, 0, 3, 3, '', '[]', '{}', '{}', '{}',
       ARRAY(SELECT (ARRAY['too_far', 'language', 'day_full'])[1 + mod(lead.id, 3)] || ':' ||
                    (1 + mod(lead.id * 31 + number * 17 + other * 53, 800))
               FROM generate_series(1, %(excluded)s) AS other),
       %(now)s - interval '180 days' * random()
  FROM leads_lead AS lead CROSS JOIN generate_series(1, 6) AS number
"""

_WITHOUT_KEYS = """
SELECT rule.key, count(*) FROM leads_routingdecision CROSS JOIN LATERAL jsonb_each(excluded) AS rule
 WHERE created_at >= %s AND rule.value @> %s::jsonb GROUP BY rule.key
"""


def measure() -> Iterator[Measurement]:
    """Yield the median in ms of the whole page and of its two figures; then of exclusions read without their keys."""
    build_market(MARKET)
    _fill()
    client, now = _log_in(), clock.now()
    since = now - datetime.timedelta(days=30)
    page = f"/admin/users/providerprofile/{PROVIDER}/change/"
    yield _measurement("the whole page", lambda: client.get(page, secure=True))
    yield _measurement("scorecard", lambda: measure_scorecard(PROVIDER, span=Scope(now, 90).span))
    yield _measurement("exclusions", lambda: count_exclusions(PROVIDER, since=since))
    with connection.cursor() as cursor:
        yield _measurement(
            "exclusions, from (empty) documents",
            lambda: cursor.execute(_WITHOUT_KEYS, [since, f"[[{PROVIDER}]]"]),
        )


def _fill() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, {"categories": CATEGORIES})
        cursor.execute(_DECISIONS, {"excluded": EXCLUDED, "now": clock.now()})
        for table in ("leads_routingdecision", "users_providercategory"):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _log_in() -> Client:
    auditor = User.objects.create_user("benchmark-auditor", is_staff=True)
    auditor.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(auditor)
    return client


def _measurement(name: str, look: Callable[[], object]) -> Measurement:
    """Measure the median of some looks; a first one, which is not counted, warms what is kept."""
    times_ms = []
    for _look in range(LOOKS + 1):
        begun = time.perf_counter()
        look()
        times_ms.append((time.perf_counter() - begun) * 1000)
    return Measurement(name, {"p50 ms": percentile(times_ms[1:], 50)})
