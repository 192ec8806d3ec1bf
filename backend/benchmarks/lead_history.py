"""Leads of long ago, up to a million, that ended: each with its contact, a decision, an offer and three events."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from backend.benchmarks.index_rebuild import indexes_rebuilt
from backend.benchmarks.provider_market import CATEGORIES, run_unchecked
from backend.leads.models import Lead
from workflows import clock

__all__ = ["add_history"]

_MADE = """
DROP TABLE IF EXISTS made;
CREATE TEMPORARY TABLE made AS
SELECT g AS id, %(now)s - interval '40 days' - mod(g * 7919::bigint, 1000000) * interval '1 minute' AS at
FROM generate_series(%(first)s, %(last)s) AS g;
ANALYZE made
"""

_LEADS = """
INSERT INTO leads_leadcontact (id, name, email, email_key, phone, phone_key, is_placeholder, confirmed_at)
SELECT id, 'Client ' || id, id || '@example.com', id || '@example.com', '', '', false, at FROM made;
INSERT INTO leads_lead (id, reference, status, version, state_since, category_id, title, text, place_name, latitude,
       longitude, urgency, language, contact_id, source, deadline_at, wave, created_at, remind_at, retry_at)
SELECT id, 'H-' || lpad(id::text, 8, '0'), 'expired', 3, at + interval '30 days',
       %(first_category)s + mod(id, %(categories)s), 'A dripping tap', '', 'Berlin', 52 + random(), 13 + random(),
       'flexible', 'de', id, 'benchmark', at + interval '30 days', 1, at, NULL, NULL
FROM made;
INSERT INTO leads_routingdecision (id, lead_id, wave, is_revision, policy_version, terms_version, places,
       offered_count, told_count, candidates_count, eligible_count, shortfall, candidates, excluded, excluded_counts,
       shadow, is_by_hand, reason, lifted, created_at)
SELECT id, id, 1, false, 'benchmark', 'built-in/2', 1, 1, 0, 1, 1, '', '[]', '{}', '{}', '{}', false, '', '[]', at
FROM made;
INSERT INTO leads_leadassignment (lead_id, provider_id, decision_id, status, version, state_since, rank, score,
       predicted, propensity, was_claimed, starts_at, expires_at, created_at)
SELECT id, 1 + mod(id * 31, 1000), id, 'expired', 2, at + interval '2 days', 1, 0.5, 0.3, 1, false, at,
       at + interval '2 days', at
FROM made
"""

_LOG = """
DROP TABLE IF EXISTS made_event;
CREATE TEMPORARY TABLE made_event AS
SELECT nextval(pg_get_serial_sequence('django_fsm_log_statelog', 'id')) AS id, made.id AS lead,
       made.at + step.number * interval '1 hour' AS at, step.*
FROM made CROSS JOIN (VALUES (1, 'create', NULL, 'new'), (2, 'verify', 'new', 'verified'),
                             (3, 'expire', 'verified', 'expired')) AS step (number, name, source, target);
INSERT INTO django_fsm_log_statelog (id, "timestamp", source_state, state, transition, content_type_id, object_id)
SELECT id, at, source, target, name, %(lead)s, lead FROM made_event;
INSERT INTO workflows_transitionrecord (log_id, machine, object_id, sequence, actor, channel, request_id, reason,
       arguments, time_in_previous_state, previous_hash, hash)
SELECT id, 'leads.lead', lead, number, 'system:benchmark', 'command', '', '', '{}', interval '1 hour',
       md5(lead::text) || md5('a'), md5(lead::text) || md5('b')
FROM made_event;
INSERT INTO workflows_passage (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
SELECT id, at, 3600000000, number, lead, %(lead)s, 350 FROM made_event
"""

_KEYED_HERE = ("leads_leadcontact", "leads_lead", "leads_routingdecision")
_TABLES = (
    *_KEYED_HERE,
    "leads_leadassignment",
    "django_fsm_log_statelog",
    "workflows_transitionrecord",
    "workflows_passage",
)

# What is made by the application from then on gets the keys that follow.
_GO_ON = """
SELECT setval(pg_get_serial_sequence(%(table)s, 'id'), (SELECT max(id) FROM {table}))
"""


def add_history(first: int, last: int, *, first_category: int) -> None:
    """Add the leads with the keys ``first`` to ``last``, which are those of their contacts too."""
    parameters = {
        "now": clock.now(),
        "first": first,
        "last": last,
        "first_category": first_category,
        "categories": CATEGORIES,
        "lead": ContentType.objects.get_for_model(Lead).pk,
    }
    with indexes_rebuilt(_TABLES):
        for script in (_MADE, _LEADS, _LOG):
            run_unchecked(script, parameters)
    with connection.cursor() as cursor:
        for table in _KEYED_HERE:
            cursor.execute(_GO_ON.format(table=table), {"table": table})
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
