"""What must hold of bulk runs in the whole database: examined by ``manage.py audit``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["INVARIANTS"]

HAS_TWO_TURNS = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY run_id, object_id ORDER BY id) AS number FROM bulk_bulkitem
) AS item
WHERE number > 1
"""

COUNTED_WRONG = """
SELECT run.id
FROM bulk_bulkrun AS run
LEFT JOIN (SELECT run_id, count(*) AS objects FROM bulk_bulkitem GROUP BY run_id) AS i ON i.run_id = run.id
WHERE run.total <> coalesce(i.objects, 0)
"""

# One that was cancelled or stopped may have objects that wait: it can go on.
NOT_AS_FAR = """
SELECT run.id FROM bulk_bulkrun AS run
WHERE EXISTS (
    SELECT FROM bulk_bulkitem AS item
    WHERE item.run_id = run.id
      AND (run.status = 'finished' AND item.outcome = 'waiting'
           OR run.started_at IS NOT NULL AND item.outlook = 'unknown'
           OR run.started_at IS NULL AND item.outcome <> 'waiting')
)
"""

DONE_OR_NOT = """
SELECT id FROM bulk_bulkitem WHERE (outcome = 'waiting') <> (done_at IS NULL)
"""

# All that a run has done carries its name as the request.
MOVED_WITHOUT_ITS_EVENT = """
SELECT item.id
FROM bulk_bulkitem AS item
JOIN bulk_bulkrun AS run ON run.id = item.run_id
LEFT JOIN (
    SELECT r.request_id, r.machine, r.object_id, s.transition, count(*) AS events
    FROM workflows_transitionrecord AS r JOIN django_fsm_log_statelog AS s ON s.id = r.log_id
    WHERE r.channel = 'bulk' AND r.request_id LIKE 'bulk-%%'
    GROUP BY r.request_id, r.machine, r.object_id, s.transition
) AS done ON done.request_id = 'bulk-' || run.id AND done.machine = run.machine
         AND done.object_id = item.object_id AND done.transition = run.transition_name
WHERE coalesce(done.events, 0) <> CASE item.outcome WHEN 'moved' THEN 1 ELSE 0 END
"""

_LOOK_AT_IT = _(
    "Compare its timeline with the run; what the log says has happened. Do not run it again before."
)

INVARIANTS = (
    Invariant(
        code="B1",
        name="bulk.object_is_once_in_a_run",
        model="bulk.bulkitem",
        holds=_("No object is twice in a bulk run."),
        mend=_(
            "See whether the unique constraint is still there, and whether the object had its turn twice."
        ),
        sql=HAS_TWO_TURNS,
    ),
    Invariant(
        code="B1",
        name="bulk.moved_object_has_its_event",
        model="bulk.bulkitem",
        holds=_("An object moved in a bulk run exactly where the log has one event of it by that run."),
        mend=_LOOK_AT_IT,
        sql=MOVED_WITHOUT_ITS_EVENT,
    ),
    Invariant(
        code="B2",
        name="bulk.run_counts_its_objects",
        model="bulk.bulkrun",
        holds=_("A bulk run has as many objects as it says."),
        mend=_("It was written past the application: cancel it, and plan another."),
        sql=COUNTED_WRONG,
    ),
    Invariant(
        code="B2",
        name="bulk.run_is_as_far_as_its_objects",
        model="bulk.bulkrun",
        holds=_(
            "In a finished bulk run no object waits; before the start none has had its turn, and after it each was"
            " looked at."
        ),
        mend=_("Let those that wait have their turn by another run; do not trust its figures."),
        sql=NOT_AS_FAR,
    ),
    Invariant(
        code="B2",
        name="bulk.outcome_has_its_time",
        model="bulk.bulkitem",
        holds=_("An object of a bulk run waits, or has an outcome and when it came to it."),
        mend=_LOOK_AT_IT,
        sql=DONE_OR_NOT,
    ),
)
