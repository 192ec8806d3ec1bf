"""A million events of leads for the benchmark of the process map, made by PostgreSQL itself."""

from __future__ import annotations

import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from backend.catalog.models import Category
from backend.leads.models import Lead
from workflows import clock
from workflows.passages import PASSAGES_OF

__all__ = ["CATEGORIES", "EVENTS", "LEADS", "fill_history"]

LEADS = 200_000
EVENTS = 5 * LEADS
CATEGORIES = 20
DAYS = 730

# The ways that leads take, one in seven each: transitions, and the states in which they end.
_WAYS = """
    (VALUES (0, array['create', 'verify', 'reroute', 'record_quote', 'award'],
                array['new', 'verified', 'verified', 'quoted', 'won']),
            (1, array['create', 'verify', 'record_quote', 'record_quote', 'award'],
                array['new', 'verified', 'quoted', 'quoted', 'won']),
            (2, array['create', 'verify', 'reroute', 'reroute', 'expire'],
                array['new', 'verified', 'verified', 'verified', 'expired']),
            (3, array['create', 'verify', 'reroute', 'record_quote', 'cancel'],
                array['new', 'verified', 'verified', 'quoted', 'cancelled']),
            (4, array['create', 'reject', 'reopen', 'verify', 'reroute'],
                array['new', 'rejected', 'new', 'verified', 'verified']),
            (5, array['create', 'mark_duplicate', 'reopen', 'verify', 'record_quote'],
                array['new', 'duplicate', 'new', 'verified', 'quoted']),
            (6, array['create', 'expire', 'reopen', 'verify', 'expire'],
                array['new', 'expired', 'new', 'verified', 'expired']))
"""
# Between two events of a lead lie ten hours on average; leads come in evenly, until now.
_STEPS = f"""
    CREATE TEMPORARY TABLE step AS
    SELECT lead AS object_id, number AS sequence, transitions[number] AS transition,
           CASE WHEN number > 1 THEN states[number - 1] END AS source, states[number] AS target,
           now() - interval '1 day' * (%(days)s * (1 - lead::numeric / %(leads)s))
             + sum(make_interval(secs => -ln(1 - random()) * 36000)) OVER (PARTITION BY lead ORDER BY number) AS at
      FROM generate_series(1, %(leads)s) lead
      JOIN {_WAYS} way (kind, transitions, states) ON kind = mod(lead, 7)
     CROSS JOIN generate_series(1, 5) number
"""  # noqa: S608  built of constants alone
_EVENTS = """
    CREATE TEMPORARY TABLE history AS
    SELECT row_number() OVER (ORDER BY at, object_id, sequence) AS id, step.*,
           at - max(at) FILTER (WHERE source IS DISTINCT FROM target) OVER (
               PARTITION BY object_id ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS spent
      FROM step
"""
_LOG = """
    INSERT INTO django_fsm_log_statelog
           (id, timestamp, source_state, state, transition, content_type_id, object_id)
    SELECT id, at, source, target, transition, %(lead)s, object_id FROM history ORDER BY id
"""
_RECORDS = """
    INSERT INTO workflows_transitionrecord
           (log_id, machine, object_id, sequence, actor, channel, request_id, reason, arguments,
            time_in_previous_state, previous_hash, hash)
    SELECT id, 'leads.lead', object_id, sequence, 'system:timer', 'timer', 'request-' || id / 3, '', '{}',
           spent, md5(id::text), md5((id + 1)::text)
      FROM history ORDER BY id
"""
_PASSAGES = f"""
    INSERT INTO workflows_passage (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
    {PASSAGES_OF.format(records="workflows_transitionrecord")} ORDER BY r.log_id
"""
_STATES = """
    UPDATE leads_lead SET status = target, state_since = at, version = 5
      FROM history WHERE history.object_id = leads_lead.id AND sequence = 5
"""
_TABLES = ("workflows_passage", "workflows_transitionrecord", "django_fsm_log_statelog", "leads_lead")


def fill_history() -> None:
    """Fill the log with ``EVENTS`` events of ``LEADS`` leads; what was in it before is gone.

    Triggers and foreign keys are off meanwhile: it would take an hour, and what they hold is not what is measured.
    """
    numbers = {"leads": LEADS, "days": DAYS, "lead": ContentType.objects.get_for_model(Lead).pk}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
        _make_leads()
        cursor.execute("SELECT setseed(0.5)")
        for statement in (_STEPS, _EVENTS, _LOG, _RECORDS, _PASSAGES, _STATES):
            cursor.execute(statement, numbers if "%(" in statement else None)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _make_leads() -> None:
    """Make the leads, of all categories in turn; their contacts, which no map shows, are left out."""
    categories = [Category(name=f"Mapped {number}", slug=f"mapped-{number}") for number in range(CATEGORIES)]
    Category.objects.bulk_create(categories)
    deadline = clock.now() + datetime.timedelta(days=30)
    # Past the manager of leads, which would log each creation.
    past_the_log: models.QuerySet[Lead] = models.QuerySet(Lead)
    past_the_log.bulk_create(
        (
            Lead(
                id=number,
                reference=f"L-{number:06}",
                title="A dripping tap",
                category=categories[number % CATEGORIES],
                latitude=52.52,
                longitude=13.405,
                contact_id=number,
                deadline_at=deadline,
            )
            for number in range(1, LEADS + 1)
        ),
        batch_size=10_000,
    )
