"""The log once more, as narrow as can be: what the process map counts, from a million events in a moment.

An event lies in two wide tables and names states and transition by texts; to count a million of them there takes
seconds.  The database keeps a passage of each: a few numbers in one row.  Nothing else reads it, and it can be
made anew from the log at any time (``PASSAGES_OF``).
"""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django_fsm_log.models import StateLog

__all__ = ["EDGE", "MAGNITUDE", "PASSAGES_OF", "PASSAGE_FUNCTION", "SPENT_US", "Passage"]

# Of an event ``r`` and its row of the log ``s``.
SPENT_US = "(extract(epoch FROM r.time_in_previous_state) * 1000000)::bigint"
EDGE = "('x' || left(md5(concat_ws('|', s.transition, coalesce(s.source_state, ''), s.state)), 16))::bit(64)::bigint"
MAGNITUDE = "(16 * ln(greatest({spent_us}, 0) + 1))::smallint"

PASSAGES_OF = f"""
    SELECT r.log_id, s.timestamp, spent.us,
           {EDGE},
           s.object_id, s.content_type_id, {MAGNITUDE.format(spent_us="spent.us")}
      FROM {{records}} r
      JOIN django_fsm_log_statelog s ON s.id = r.log_id
     CROSS JOIN LATERAL (SELECT {SPENT_US}) spent (us)
"""  # noqa: S608  built of constants alone
"""The passages of ``{records}``, in the order of the table's columns."""

# Runs after each statement that inserts records, for all of them at once.
PASSAGE_FUNCTION = f"""
    INSERT INTO workflows_passage (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
    {PASSAGES_OF.format(records="new_records")};
    RETURN NULL;
"""


class Passage(models.Model):
    """One event, as the process map counts it.

    ``spent_us`` are the microseconds that the object had been in the state before, None for a creation.  ``edge`` is
    the same number for the same transition from the same source to the same target.  ``magnitude`` is that of
    ``spent_us``: times of one magnitude are within 7 % of each other, and none of a higher one is shorter.
    """

    # Wide columns first: PostgreSQL fills up the room before a wide one that follows a narrow one.
    # No constraints hold the keys: whatever writes this row has just read those that it points to.
    log = models.OneToOneField(
        StateLog, on_delete=models.CASCADE, primary_key=True, related_name="passage", db_constraint=False
    )
    at = models.DateTimeField()
    spent_us = models.BigIntegerField(null=True)
    edge = models.BigIntegerField()
    object_id = models.IntegerField()
    content_type = models.ForeignKey(
        ContentType, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    magnitude = models.SmallIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [
            # What happened to the objects of one model in a span of time.
            models.Index(fields=["content_type", "at"], name="passage_by_time"),
        ]

    def __str__(self) -> str:
        return f"passage {self.pk}"
