"""A market that grows by opening in one town after another: a thousand providers in each, so that all are alike.

Each town is a square of 33 km, too far from the next for anybody to work in both: however many providers there are, a
lead finds some forty that may have it.  What a *denser* market costs is measured by ``matching``.
"""

from __future__ import annotations

from django.db import connection

from backend.benchmarks.lead_history import add_history
from backend.benchmarks.provider_market import add_providers, make_categories, make_leads, run_unchecked
from backend.leads.models import Lead
from backend.matching.coverage import refresh_coverage

__all__ = ["PROVIDERS_EACH", "SquareMarket"]

PROVIDERS_EACH = 1_000

# Towns in 25 rows, 2 degrees apart, on both sides of the equator, where a degree is as long in both directions.
_PLACES = """
SELECT number, 2 * mod(town, 25) - 24 + 0.3 * {inside} AS latitude, 9 * (town / 25) - 180 + 0.3 * {inside} AS longitude
FROM (SELECT g AS number, {town} AS town FROM generate_series({{first}}, {{last}}) AS g) AS placed
"""
_OF_PROVIDERS = _PLACES.format(town=f"(g - 1) / {PROVIDERS_EACH}", inside="random()")

# Nobody is full after some hundred leads: the first lead that is measured finds what the last one finds.
_LIMITS = """
UPDATE users_providerprofile SET open_offers_max = 100000, leads_per_day_max = 100000, leads_per_month_max = 100000,
       holiday_from_date = NULL, holiday_until_date = NULL
WHERE id > %(before)s
"""


class SquareMarket:
    """The market in the database, which has to be empty of providers and leads when this is made."""

    def __init__(self) -> None:
        self.providers = 0
        self._contacts = 0
        self._first_category = make_categories()

    def grow(self, providers: int) -> None:
        """Let it have so many providers; their coverage is up to date afterwards."""
        add_providers(
            self.providers + 1, providers, first_category=self._first_category, places=_OF_PROVIDERS
        )
        run_unchecked(_LIMITS, {"before": self.providers})
        refresh_coverage(None)
        self.providers = providers
        with connection.cursor() as cursor:
            cursor.execute(
                "VACUUM (ANALYZE) users_providerprofile, matching_coveragearea, matching_providerload"
            )

    def add_history(self, leads: int) -> None:
        """Add so many leads of long ago."""
        first = self._contacts + 1
        self._contacts += leads
        add_history(first, self._contacts, first_category=self._first_category)

    def make_leads(self, count: int) -> list[Lead]:
        """Make new leads with confirmed contacts, in the middle of the towns, spread over all of them."""
        town = f"mod(g * 7919::bigint, {self.providers // PROVIDERS_EACH})"
        places = _PLACES.format(town=town, inside="(0.3 + 0.4 * random())")
        first = self._contacts + 1
        self._contacts += count
        return make_leads(count, first_category=self._first_category, first=first, places=places)
