"""Up to a million providers and leads for them, made by PostgreSQL itself: what `matching` searches and routes in.

Where people live: towns whose size falls with their rank (Zipf), some providers in the country between them.  A
provider offers 1.9 categories of twenty, within 8 to some 100 km; one in thirteen is not active, one in seven is
full, two in three keep office hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from backend.catalog.models import Category
from backend.leads.models import Lead
from workflows import Channel, SystemActor, acting, clock

__all__ = [
    "CATEGORIES",
    "TOWNS_AND_COUNTRY",
    "add_providers",
    "make_categories",
    "make_leads",
    "run_unchecked",
]

CATEGORIES = 20
TOWNS = 300

_TOWNS = """
CREATE TABLE benchmark_town AS
SELECT rank, 47.5 + 7 * random() AS latitude, 6.5 + 8 * random() AS longitude,
       sum(1.0 / rank) OVER (ORDER BY rank DESC) AS share_until, 0.03 + 0.12 / sqrt(rank) AS spread
FROM generate_series(1, %(towns)s) AS rank;
UPDATE benchmark_town SET share_until = share_until / (SELECT max(share_until) FROM benchmark_town);
CREATE INDEX ON benchmark_town (share_until)
"""

TOWNS_AND_COUNTRY = """
SELECT g AS number,
       CASE WHEN is_town THEN town.latitude + town.spread * (random() + random() + random() - 1.5) * 2
            ELSE 47.5 + 7 * random() END AS latitude,
       CASE WHEN is_town THEN town.longitude + town.spread * (random() + random() + random() - 1.5) * 3
            ELSE 6.5 + 8 * random() END AS longitude
FROM (SELECT g, random() AS share, random() < 0.8 AS is_town
      FROM generate_series({first}, {last}) AS g) AS chance
CROSS JOIN LATERAL (SELECT * FROM benchmark_town WHERE share_until >= share ORDER BY share_until LIMIT 1) AS town
"""
"""A place for each number: four in five around a town, the sum of three even chances being nearly normal."""

_PROVIDERS = """
INSERT INTO users_user (id, username, password, is_superuser, first_name, last_name, email, is_staff,
       is_active, date_joined, language)
SELECT 5000000 + g, 'benchmark-provider-' || g, '!', false, '', '', '', false, true, %(now)s, 'en'
FROM generate_series(%(first)s, %(last)s) AS g;
INSERT INTO users_providerprofile (id, user_id, status, version, state_since, company_name, place_name, latitude,
       longitude, radius_km, languages, open_offers_max, leads_per_day_max, leads_per_month_max, opens_at, closes_at,
       open_weekdays, time_zone, created_at, rating, holiday_from_date, holiday_until_date)
SELECT number, 5000000 + number, CASE WHEN random() < 0.92 THEN 'active' ELSE 'paused' END, 2, %(now)s,
       'Company ' || number, '', latitude, longitude, 8 + 20 * -ln(1 - random()),
       CASE WHEN random() < 0.4 THEN '{de,en}'::varchar[] ELSE '{de}' END, 5, 10, 200,
       CASE WHEN mod(number, 3) = 0 THEN '00:00' ELSE make_time((6 + mod(number, 4))::int, 0, 0) END,
       CASE WHEN mod(number, 3) = 0 THEN '00:00' ELSE make_time((16 + mod(number, 5))::int, 30, 0) END,
       CASE WHEN mod(number, 3) = 0 THEN '{}'::smallint[] ELSE '{1,2,3,4,5}' END, 'Europe/Berlin',
       %(now)s - interval '900 days' * random(),
       CASE WHEN random() < 0.75 THEN round((5 - 2 * random() * random())::numeric, 2) END,
       CASE WHEN mod(number, 31) = 0 THEN %(now)s::date - 3 END,
       CASE WHEN mod(number, 31) = 0 THEN %(now)s::date + 7 END
FROM ({places}) AS place;
INSERT INTO users_providercategory (provider_id, category_id, typical_price)
SELECT g, %(first_category)s + mod(g * 7 + nth * 11, %(categories)s), 40 + mod(g * 13, 160)
FROM generate_series(%(first)s, %(last)s) AS g
CROSS JOIN LATERAL generate_series(1, CASE mod(g, 10) WHEN 0 THEN 4 WHEN 1 THEN 3 WHEN 2 THEN 3 WHEN 3 THEN 2
                                      WHEN 4 THEN 2 ELSE 1 END) AS nth;
INSERT INTO matching_providerload (provider_id, open_offers, day_date, offers_on_day, month_date, offers_in_month,
       offers_total, last_offered_at)
SELECT g, CASE WHEN mod(g, 7) = 0 THEN 5 ELSE mod(g, 4) END, %(now)s::date, mod(g, 5),
       date_trunc('month', %(now)s)::date, mod(g, 50), mod(g, 300), %(now)s - interval '10 days' * random()
FROM generate_series(%(first)s, %(last)s) AS g;
INSERT INTO matching_trackrecord (provider_id, category_id, as_of, answered, accepted, responses, log_hours, finished,
       won)
SELECT provider_id, category_id, %(now)s - interval '20 days' * random(), 10, 10 * random(), 8, 12 * random(), 3,
       3 * random()
FROM users_providercategory WHERE provider_id BETWEEN %(first)s AND %(last)s AND mod(provider_id, 5) < 3
"""

_CONTACTS = """
INSERT INTO leads_leadcontact (id, name, email, email_key, phone, phone_key, is_placeholder, confirmed_at)
SELECT g, 'Client ' || g, g || '@example.com', g || '@example.com', '', '', false, %(now)s
FROM generate_series(%(first)s, %(last)s) AS g
"""

_TABLES = (
    "users_user",
    "users_providerprofile",
    "users_providercategory",
    "matching_providerload",
    "matching_trackrecord",
)


def make_categories() -> int:
    """Make the towns and the categories; return the first of these, whose keys follow each other."""
    run_unchecked(_TOWNS, {"towns": TOWNS})
    wanted = [Category(name=f"Work {number}", slug=f"work-{number}") for number in range(CATEGORIES)]
    return Category.objects.bulk_create(wanted)[0].pk


def add_providers(first: int, last: int, *, first_category: int, places: str = TOWNS_AND_COUNTRY) -> None:
    """Add the providers numbered ``first`` to ``last``, without their coverage: triggers and foreign keys are off.

    ``places`` is a query that has a place for each of the numbers from ``{first}`` to ``{last}``.
    """
    parameters = {
        "now": clock.now(),
        "first": first,
        "last": last,
        "first_category": first_category,
        "categories": CATEGORIES,
    }
    placed = places.format(first="%(first)s", last="%(last)s")
    run_unchecked(_PROVIDERS.replace("{places}", placed), parameters)
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def make_leads(
    count: int, *, first_category: int, first: int = 1, places: str = TOWNS_AND_COUNTRY
) -> list[Lead]:
    """Make new leads at places, as ``add_providers`` has them, which any of the categories may answer; return them.

    ``first`` is the key of the first one's contact; those of the others follow.
    """
    last = first + count - 1
    run_unchecked(_CONTACTS, {"now": clock.now(), "first": first, "last": last})
    with connection.cursor() as cursor:
        cursor.execute(places.format(first=first, last=last))
        placed = cursor.fetchall()
    with acting(by=SystemActor("benchmark"), channel=Channel.COMMAND):
        return [
            Lead.objects.create(
                contact_id=number,
                category_id=first_category + number % CATEGORIES,
                title="A dripping tap",
                latitude=latitude,
                longitude=longitude,
                language="de",
            )
            for number, latitude, longitude in placed
        ]


def run_unchecked(script: str, parameters: Mapping[str, Any]) -> None:
    """Run statements without triggers and foreign keys; the same chances each time."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SELECT setseed(0.42)")
        for statement in script.split(";"):
            cursor.execute(statement, parameters)
        cursor.execute("SET session_replication_role = DEFAULT")
