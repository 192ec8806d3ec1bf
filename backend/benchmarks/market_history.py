"""What a large market lacks that an audit looks at: hashes, the log of providers, loads, notifications, deliveries."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from backend.benchmarks.index_rebuild import indexes_rebuilt
from backend.notifications.models import Receiver
from backend.users.models import ProviderProfile
from workflows import clock
from workflows.hash_chain import DIGEST
from workflows.passages import PASSAGES_OF

__all__ = ["complete_market"]

_PROVIDERS = """
INSERT INTO django_fsm_log_statelog (id, "timestamp", source_state, state, transition, content_type_id, object_id)
SELECT (SELECT max(id) FROM django_fsm_log_statelog) + row_number() OVER (ORDER BY p.id, step.number),
       p.created_at, step.source, step.target, step.name, %(provider)s, p.id
FROM users_providerprofile AS p
CROSS JOIN (VALUES (1, 'create', NULL, 'pending'), (2, 'approve', 'pending', 'active'))
    AS step (number, name, source, target);
INSERT INTO workflows_transitionrecord (log_id, machine, object_id, sequence, actor, channel, request_id,
       reason, arguments, time_in_previous_state, previous_hash, hash)
SELECT id, 'users.providerprofile', object_id, CASE transition WHEN 'create' THEN 1 ELSE 2 END,
       'system:benchmark', 'command', '', '', '{}', NULL, '', ''
FROM django_fsm_log_statelog WHERE content_type_id = %(provider)s;
UPDATE matching_providerload AS l SET open_offers = o.open, offers_total = o.made FROM (
    SELECT provider_id, count(*) AS made, count(*) FILTER (WHERE status = 'offered') AS open
    FROM leads_leadassignment GROUP BY provider_id) AS o
WHERE o.provider_id = l.provider_id;
UPDATE leads_lead SET deadline_at = %(now)s + interval '30 days'
WHERE status IN ('new', 'verified', 'quoted') AND deadline_at < %(now)s
"""

# One for each offer, delivered to the inbox and by e-mail, each at the first attempt.
_NOTIFICATIONS = """
INSERT INTO notifications_notification (id, recipient_id, type, event, subject, body, path, created_at)
SELECT a.id, p.user_id, 'lead_assigned', 'leads.lead:' || a.lead_id || ':2', 'An offer for you', '', '/', a.created_at
FROM leads_leadassignment AS a JOIN users_providerprofile AS p ON p.id = a.provider_id;
INSERT INTO notifications_delivery (id, notification_id, channel, key, status, receiver_id, is_digest, give_up_at,
       attempts, attempts_max, last_error, skipped_because, created_at, started_at, ended_at)
SELECT 2 * n.id + way.number, n.id, way.channel, gen_random_uuid(), 'delivered', way.receiver, false,
       n.created_at, 1, 8, '', '', n.created_at, n.created_at, n.created_at
FROM notifications_notification AS n
CROSS JOIN (VALUES (0, 'in_app', NULL), (1, 'email', 'email')) AS way (number, channel, receiver);
INSERT INTO notifications_deliveryattempt (id, delivery_id, number, started_at, ended_at, outcome, detail)
SELECT id, id, 1, started_at, ended_at, 'delivered', '' FROM notifications_delivery
"""

# The links of all events of one number; those before must be there.
_LINKS = f"""
UPDATE workflows_transitionrecord AS linked SET previous_hash = link.previous_hash, hash = link.hash FROM (
    SELECT r.log_id, r.previous_hash, {DIGEST.format(record="r", log="s")} AS hash
    FROM (
        SELECT next.log_id, next.machine, next.object_id, next.sequence, next.actor, next.channel, next.request_id,
               next.reason, next.arguments, next.time_in_previous_state, coalesce(before.hash, '') AS previous_hash
        FROM workflows_transitionrecord AS next LEFT JOIN workflows_transitionrecord AS before
          ON before.machine = next.machine AND before.object_id = next.object_id
         AND before.sequence = next.sequence - 1
        WHERE next.sequence = %(sequence)s
    ) AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
) AS link
WHERE linked.log_id = link.log_id
"""  # noqa: S608  built of constants alone

_PASSAGES = f"""
INSERT INTO workflows_passage (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
{PASSAGES_OF.format(records="workflows_transitionrecord")} ORDER BY r.log_id
"""

_TABLES = (
    "leads_lead",
    "django_fsm_log_statelog",
    "workflows_transitionrecord",
    "workflows_passage",
    "matching_providerload",
    "notifications_notification",
    "notifications_delivery",
    "notifications_deliveryattempt",
)


def complete_market() -> None:
    """Bring a market of ``build_market`` into the state in which real transitions would have left it."""
    parameters: dict[str, Any] = {
        "provider": ContentType.objects.get_for_model(ProviderProfile).pk,
        "now": clock.now(),
    }
    Receiver.objects.create(name="email", in_flight_max=8)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with indexes_rebuilt(_TABLES):
            for script in (_PROVIDERS, _NOTIFICATIONS):
                for statement in script.split(";"):
                    cursor.execute(statement, parameters)
            _link_events(cursor)
            cursor.execute(_PASSAGES)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in _TABLES:
            cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")


def _link_events(cursor: Any) -> None:
    """Compute the hashes, from the first event of every object to the last."""
    cursor.execute("SELECT max(sequence) FROM workflows_transitionrecord")
    for sequence in range(1, cursor.fetchone()[0] + 1):
        cursor.execute(_LINKS, {"sequence": sequence})
