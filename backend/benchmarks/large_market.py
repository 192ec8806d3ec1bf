"""A large market for benchmarks: leads, offers and their log, as many as are asked for, made by PostgreSQL itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from backend.benchmarks.index_rebuild import indexes_rebuilt
from backend.catalog.models import Category
from backend.leads.models import Lead, LeadAssignment
from backend.users.models import User
from workflows import clock

__all__ = ["CATEGORIES", "LargeMarket", "build_market"]

CATEGORIES = 20
PROVIDERS = 2_000
DAYS = 180


@dataclass(frozen=True, slots=True)
class LargeMarket:
    """How many leads it has; each has three offers, spread over ``DAYS`` days up to now.

    Of ten leads one is new, two are verified, one is quoted, three are won, two expired and one was rejected.  Of each
    one's offers the first was accepted, the second declined, the third expired, where the lead came that far.
    """

    leads: int = 100_000

    @property
    def offers(self) -> int:
        """Return how many offers there are: three for each lead that was verified."""
        return 3 * (self.leads - self.leads // 10 - self.leads // 10)


_LEADS = """
CREATE TEMPORARY TABLE made AS
SELECT g AS id, mod(g, 10) AS kind, 1 + mod(g * 7, %(categories)s) AS category,
       %(now)s - interval '2 hours' - (%(leads)s - g) * (interval '1 day' * %(days)s / %(leads)s) AS at
FROM generate_series(1, %(leads)s) AS g;
INSERT INTO leads_leadcontact (id, name, email, email_key, phone, phone_key, is_placeholder, confirmed_at)
SELECT id, 'Client ' || id, id || '@example.com', id || '@example.com', '', '', false, at FROM made;
INSERT INTO leads_lead (id, reference, status, version, state_since, category_id, title, text, place_name,
       latitude, longitude,
                        urgency, language, contact_id, source, deadline_at, wave, created_at, remind_at, retry_at)
SELECT id, 'L-' || lpad(id::text, 8, '0'),
       (array['new','verified','verified','quoted','won','won','won','expired','expired','rejected'])[kind + 1],
       CASE WHEN kind = 0 THEN 1 WHEN kind < 3 OR kind = 9 THEN 2 WHEN kind IN (4, 5, 6) THEN 4 ELSE 3 END,
       at + interval '1 hour' * CASE WHEN kind = 0 THEN 0 WHEN kind < 3 OR kind = 9 THEN 1 ELSE 30 END,
       %(first_category)s + category - 1, 'A dripping tap', '', 'Berlin', 52 + random(), 13 + random(),
              'flexible', 'en',
       id, 'benchmark', at + interval '30 days', CASE WHEN kind IN (0, 9) THEN 0 ELSE 1 END, at, NULL, NULL
FROM made
"""

_PROVIDERS = """
INSERT INTO users_user (id, username, password, is_superuser, first_name, last_name, email, is_staff,
       is_active, date_joined,
                        language)
SELECT 5000000 + g, 'benchmark-provider-' || g, '!', false, '', '', '', false, true, %(now)s, 'en'
FROM generate_series(1, %(providers)s) AS g;
INSERT INTO users_providerprofile (id, user_id, status, version, state_since, company_name, place_name,
       latitude, longitude,
    radius_km, languages, open_offers_max, leads_per_day_max, leads_per_month_max, opens_at, closes_at, open_weekdays,
    time_zone, created_at)
SELECT g, 5000000 + g, 'active', 2, %(now)s, 'Company ' || g, 'Berlin', 52.5, 13.4, 25, '{en}', 500, 500,
       5000, '00:00',
       '00:00', '{}', 'UTC', %(now)s
FROM generate_series(1, %(providers)s) AS g;
INSERT INTO matching_providerload (provider_id, open_offers, offers_on_day, offers_in_month, offers_total)
SELECT g, 0, 0, 0, 0 FROM generate_series(1, %(providers)s) AS g
"""

_OFFERS = """
INSERT INTO leads_routingdecision (id, lead_id, wave, is_revision, policy_version, terms_version, places,
       offered_count,
    told_count, candidates_count, eligible_count, shortfall, candidates, excluded, excluded_counts, shadow,
    is_by_hand, reason, lifted, created_at)
SELECT id, id, 1, false, 'benchmark', 'built-in/2', 3, 3, 0, 3, 3, '', '[]', '{}', '{}', '{}', false, '', '[]',
       at + interval '1 hour'
FROM made WHERE kind NOT IN (0, 9);
CREATE TEMPORARY TABLE made_offer AS
SELECT row_number() OVER (ORDER BY m.id, n) AS id, m.id AS lead, n, m.kind, 1 + mod(m.id * 3 + n,
       %(providers)s) AS provider,
       m.at + interval '1 hour' AS at,
       CASE WHEN n = 1 THEN CASE WHEN m.kind IN (4, 5, 6) THEN 'won' WHEN m.kind IN (7,
              8) THEN 'withdrawn' ELSE 'accepted' END
            WHEN n = 2 THEN 'declined' ELSE 'expired' END AS status
FROM made AS m CROSS JOIN generate_series(1, 3) AS n WHERE m.kind NOT IN (0, 9);
INSERT INTO leads_leadassignment (id, lead_id, provider_id, decision_id, status, version, state_since, rank,
       score, predicted, propensity, was_claimed,
                                  starts_at, expires_at, created_at)
SELECT id, lead, provider, lead, status, CASE WHEN status IN ('won', 'withdrawn') THEN 3 ELSE 2 END,
       at + interval '1 hour' * n, n, 0.5, 0.2 + 0.3 * random(), CASE n WHEN 3 THEN 0.2 ELSE 1 END, false,
       at, at + interval '48 hours', at
FROM made_offer
"""

# One row for each move, numbered as its object's version.
_LOG = """
CREATE TEMPORARY TABLE made_event AS
SELECT row_number() OVER (ORDER BY at, machine, object, sequence) AS id, * FROM (
    SELECT 'leads.lead' AS machine, id AS object, 1 AS sequence, 'create' AS transition, NULL AS source,
           'new' AS target, at
    FROM made
    UNION ALL SELECT 'leads.lead', id, 2, 'verify', 'new', 'verified', at + interval '1 hour' FROM made
           WHERE kind NOT IN (0, 9)
    UNION ALL SELECT 'leads.lead', id, 2, 'reject', 'new', 'rejected', at + interval '1 hour' FROM made
           WHERE kind = 9
    UNION ALL SELECT 'leads.lead', id, 3, 'record_quote', 'verified', 'quoted', at + interval '20 hours'
           FROM made
              WHERE kind IN (3, 4, 5, 6)
    UNION ALL SELECT 'leads.lead', id, 4, 'award', 'quoted', 'won', at + interval '30 hours' FROM made
           WHERE kind IN (4, 5, 6)
    UNION ALL SELECT 'leads.lead', id, 3, 'expire', 'verified', 'expired', at + interval '30 hours' FROM made
              WHERE kind IN (7, 8)
    UNION ALL SELECT 'leads.leadassignment', id, 1, 'create', NULL, 'offered', at FROM made_offer
    UNION ALL SELECT 'leads.leadassignment', id, 2, 'accept', 'offered', 'accepted',
           at + interval '1 hour' FROM made_offer
              WHERE n = 1
    UNION ALL SELECT 'leads.leadassignment', id, 2, 'decline', 'offered', 'declined',
           at + interval '2 hours' FROM made_offer
              WHERE n = 2
    UNION ALL SELECT 'leads.leadassignment', id, 2, 'expire', 'offered', 'expired',
           at + interval '48 hours' FROM made_offer
              WHERE n = 3
    UNION ALL SELECT 'leads.leadassignment', id, 3, CASE status WHEN 'won' THEN 'win' ELSE 'withdraw' END,
           'accepted', status,
              at + interval '29 hours' FROM made_offer WHERE n = 1 AND status IN ('won', 'withdrawn')
) AS moves;
INSERT INTO django_fsm_log_statelog (id, "timestamp", source_state, state, transition, content_type_id,
       object_id)
SELECT id, at, source, target, transition, CASE machine WHEN 'leads.lead' THEN %(lead)s ELSE %(offer)s END,
       object
FROM made_event ORDER BY id;
INSERT INTO workflows_transitionrecord (log_id, machine, object_id, sequence, actor, channel, request_id,
       reason, arguments,
                                        time_in_previous_state, previous_hash, hash)
SELECT id, machine, object, sequence, 'system:benchmark', 'command', '', '', '{}', interval '1 hour', '', ''
FROM made_event ORDER BY id
"""

_TABLES = (
    "leads_lead",
    "leads_leadcontact",
    "leads_leadassignment",
    "leads_routingdecision",
    "django_fsm_log_statelog",
    "workflows_transitionrecord",
    "users_providerprofile",
)


def build_market(market: LargeMarket) -> None:
    """Fill the tables, which must be empty, with a market whose log says what its rows say.

    Triggers and foreign keys are off meanwhile, so that 100,000 leads take seconds; hashes of the log are empty.
    """
    categories = [Category(name=f"Category {n}", slug=f"category-{n}") for n in range(1, CATEGORIES + 1)]
    first = Category.objects.bulk_create(categories)[0]
    parameters: dict[str, Any] = {
        "leads": market.leads,
        "days": DAYS,
        "now": clock.now(),
        "categories": CATEGORIES,
        "first_category": first.pk,
        "providers": PROVIDERS,
        "lead": ContentType.objects.get_for_model(Lead).pk,
        "offer": ContentType.objects.get_for_model(LeadAssignment).pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with indexes_rebuilt(_TABLES):
            for script in (_LEADS, _PROVIDERS, _OFFERS, _LOG):
                for statement in script.split(";"):
                    cursor.execute(statement, parameters)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    assert User.objects.filter(username__startswith="benchmark-provider-").count() == PROVIDERS
