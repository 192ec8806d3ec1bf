"""The indexes of the audit list: every filter is read newest first, page by page, from its own end."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Raw SQL, because the table belongs to another app: its migration state must not know of it.
# The events of one transition of one machine.
BY_TRANSITION = "statelog_by_transition"


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY does not lock a log that is in use

    dependencies = [
        ("django_fsm_log", "0005_description_null"),
        ("workflows", "0003_event_has_happened"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="transitionrecord",
            index=models.Index(fields=["machine", "log"], name="event_by_machine"),
        ),
        AddIndexConcurrently(
            model_name="transitionrecord",
            index=models.Index(fields=["actor", "log"], name="event_by_actor"),
        ),
        AddIndexConcurrently(
            model_name="transitionrecord",
            index=models.Index(fields=["channel", "log"], name="event_by_channel"),
        ),
        AddIndexConcurrently(
            model_name="transitionrecord",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("reason", config="simple"),
                condition=models.Q(("reason", ""), _negated=True),
                name="event_by_reason",
            ),
        ),
        migrations.RunSQL(
            sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {BY_TRANSITION}"
            " ON django_fsm_log_statelog (content_type_id, transition, id)",
            reverse_sql=f"DROP INDEX CONCURRENTLY IF EXISTS {BY_TRANSITION}",
        ),
    ]
