"""A million events for the benchmark of the audit list, made by PostgreSQL itself."""

from __future__ import annotations

import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from backend.catalog.models import Category
from backend.leads.models import Lead, LeadAssignment, LeadContact
from backend.users.models import User
from workflows import clock

__all__ = ["EVENTS", "LEADS", "OFFERS", "STAFF", "STAFF_NUMBERS", "fill_log"]

EVENTS = 1_000_000
LEADS = 20_000
OFFERS = 100_000
LONG_AGO = EVENTS // 20
STAFF = "benchmark-staff"
STAFF_NUMBERS = (1_000_001, 1_000_002, 1_000_003)

# Of ten events three are of leads.  Each object has as many events as there are rounds over all of them.
_EVENTS = """
    CREATE TEMPORARY TABLE event AS
    SELECT g AS id,
           timestamptz '2024-04-01 00:00+00' + g * interval '1 minute' AS at,
           mod(g, 10) < 3 AS is_lead,
           CASE WHEN mod(g, 10) < 3 THEN 1 + mod(g / 10 * 3 + mod(g, 10), %(leads)s)
                ELSE 1 + mod(g / 10 * 7 + mod(g, 10) - 3, %(offers)s) END AS object_id,
           CASE WHEN mod(g, 10) < 3 THEN 1 + (g / 10 * 3 + mod(g, 10)) / %(leads)s
                ELSE 1 + (g / 10 * 7 + mod(g, 10) - 3) / %(offers)s END AS sequence,
           CASE WHEN g <= %(long_ago)s AND mod(g, 100) = 1 THEN 'reject'
                WHEN mod(g, 10) < 3 THEN (array['verify', 'reroute', 'expire'])[1 + mod(g, 3)]
                ELSE (array['accept', 'decline', 'expire', 'withdraw'])[1 + mod(g, 4)] END AS transition,
           CASE WHEN g <= %(long_ago)s AND mod(g, 50) = 0 THEN 'user:1000003'
                WHEN mod(g, 20) < 3 THEN 'user:1000002'
                WHEN mod(g, 20) < 6 THEN 'user:1000001'
                ELSE 'system:timer' END AS actor,
           CASE WHEN g <= %(long_ago)s AND mod(g, 10) = 7 THEN 'import'
                WHEN mod(g, 20) < 3 THEN 'admin'
                WHEN mod(g, 20) < 6 THEN 'page'
                ELSE 'timer' END AS channel,
           CASE WHEN mod(g, 50) = 1 THEN 'The client is unreachable'
                WHEN mod(g, 100000) = 3 THEN 'A fraudulent request' ELSE '' END AS reason
      FROM generate_series(1, %(events)s) g
"""
_LOG = """
    INSERT INTO django_fsm_log_statelog
           (id, timestamp, by_id, source_state, state, transition, content_type_id, object_id)
    SELECT id, at, substring(actor FROM '\\d+')::bigint, 'offered', 'expired', transition,
           CASE WHEN is_lead THEN %(lead)s ELSE %(offer)s END, object_id
      FROM event ORDER BY id
"""
_RECORDS = """
    INSERT INTO workflows_transitionrecord
           (log_id, machine, object_id, sequence, actor, channel, request_id, reason, arguments,
            time_in_previous_state, previous_hash, hash)
    SELECT id, CASE WHEN is_lead THEN 'leads.lead' ELSE 'leads.leadassignment' END, object_id, sequence, actor, channel,
           'request-' || id / 3, reason, '{}', interval '2 hours', md5(id::text), md5((id + 1)::text)
      FROM event ORDER BY id
"""


def fill_log() -> None:
    """Fill the log with ``EVENTS`` events of ``LEADS`` leads, which exist, and ``OFFERS`` offers, which are gone.

    Triggers and foreign keys are off meanwhile: it would take an hour, and what they hold is not what is measured.
    """
    numbers = {"events": EVENTS, "leads": LEADS, "offers": OFFERS, "long_ago": LONG_AGO}
    types = {
        "lead": ContentType.objects.get_for_model(Lead).pk,
        "offer": ContentType.objects.get_for_model(LeadAssignment).pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        _make_people_and_leads()
        cursor.execute(_EVENTS, numbers)
        cursor.execute(_LOG, types)
        cursor.execute(_RECORDS)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in (
            "workflows_transitionrecord",
            "django_fsm_log_statelog",
            "leads_lead",
            "leads_leadcontact",
        ):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _make_people_and_leads() -> None:
    User.objects.bulk_create(
        User(id=number, username=f"{STAFF}-{number}", is_staff=True) for number in STAFF_NUMBERS
    )
    category = Category.objects.create(name="Benchmarks", slug="benchmarks")
    numbers = range(1, LEADS + 1)
    LeadContact.objects.bulk_create(
        LeadContact(id=number, email=f"{number}@example.com", email_key=f"{number}@example.com")
        for number in numbers
    )
    deadline = clock.now() + datetime.timedelta(days=30)
    # Past the manager of leads, which would log each creation.
    past_the_log: models.QuerySet[Lead] = models.QuerySet(Lead)
    past_the_log.bulk_create(
        Lead(
            id=number,
            reference=f"L-{number:06}",
            title="A dripping tap",
            category=category,
            latitude=52.52,
            longitude=13.405,
            contact_id=number,
            deadline_at=deadline,
        )
        for number in numbers
    )
