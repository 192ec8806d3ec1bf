"""What must hold of notifications and deliveries in the whole database: examined by ``manage.py audit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["INVARIANTS"]

TOLD_AGAIN = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY recipient_id, event ORDER BY id) AS number
    FROM notifications_notification
) AS told
WHERE number > 1
"""

# Every plan has the inbox; a notification without deliveries waits for its job, or for ever.
NOT_PLANNED = """
SELECT n.id
FROM notifications_notification AS n
WHERE NOT EXISTS (SELECT FROM notifications_delivery AS d WHERE d.notification_id = n.id)
  AND n.id NOT IN (
    SELECT waiting::bigint
    FROM procrastinate_jobs AS job, jsonb_array_elements_text(job.args -> 'notification_ids') AS waiting
    WHERE job.task_name = 'notifications.plan_deliveries' AND job.status IN ('todo', 'doing')
)
"""

WRONG_ATTEMPTS = """
SELECT d.id
FROM notifications_delivery AS d LEFT JOIN (
    SELECT delivery_id, count(*) AS made, count(*) FILTER (WHERE outcome = 'delivered') AS succeeded,
           count(*) FILTER (WHERE outcome = 'running') AS running
    FROM notifications_deliveryattempt GROUP BY delivery_id
) AS a ON a.delivery_id = d.id
WHERE coalesce(a.made, 0) <> d.attempts
   OR coalesce(a.succeeded, 0) <> CASE d.status WHEN 'delivered' THEN 1 ELSE 0 END
   OR coalesce(a.running, 0) <> CASE d.status WHEN 'sending' THEN 1 ELSE 0 END
"""

LEFT_LYING = """
SELECT id FROM notifications_delivery
WHERE (status = 'waiting' AND give_up_at < %(now)s - interval '15 minutes')
   OR (status = 'sending' AND sending_since < %(now)s - %(attempt_timeout)s - interval '15 minutes')
"""


def _attempt_timeout() -> Mapping[str, Any]:
    return {"attempt_timeout": settings.DELIVERY_ATTEMPT_TIMEOUT}


INVARIANTS = (
    Invariant(
        code="N1",
        name="notifications.event_is_told_once",
        model="notifications.notification",
        holds=_("Nobody is told twice of the same event."),
        mend=_("Find out what ran twice, and see whether the unique constraint is still there."),
        sql=TOLD_AGAIN,
    ),
    Invariant(
        code="J1",
        name="notifications.notification_has_its_deliveries",
        model="notifications.notification",
        holds=_("Each notification has its deliveries, or a job that is about to plan them."),
        mend=_(
            "Its job failed for good: in the list of jobs look for notifications.plan_deliveries among the failed "
            "ones, read its last error, and retry it. Planned too late, it is skipped and says so."
        ),
        sql=NOT_PLANNED,
    ),
    Invariant(
        code="J1",
        name="notifications.delivery_is_what_its_attempts_say",
        model="notifications.delivery",
        holds=_(
            "A delivery counts its attempts; one that is delivered has one that succeeded, one that is being sent "
            "has one that runs, and others have neither."
        ),
        mend=_("Read its attempts. If nothing arrived and it still matters, tell the recipient yourself."),
        sql=WRONG_ATTEMPTS,
    ),
    Invariant(
        code="J2",
        name="notifications.delivery_moves_on",
        model="notifications.delivery",
        holds=_(
            "No delivery waits past its end, and none is being sent for longer than an attempt may take."
        ),
        mend=_(
            "The sweep stands still: see whether a worker is alive, and whether notifications.sweep_deliveries fails."
        ),
        sql=LEFT_LYING,
        parameters=_attempt_timeout,
    ),
)
