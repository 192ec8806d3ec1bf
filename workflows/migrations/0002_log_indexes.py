"""The indexes that the log of django-fsm-log lacks: without them "the latest 50" reads a million rows."""

from django.db import migrations

# Raw SQL, because the table belongs to another app: its migration state must not know of them.
INDEXES = {
    # The timeline of one object, in order.
    "statelog_by_object": "(content_type_id, object_id, id)",
    # The audit list over all machines, newest first.
    "statelog_by_time": '("timestamp")',
}


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY does not lock a log that is in use

    dependencies = [
        ("workflows", "0001_initial"),
        ("django_fsm_log", "0005_description_null"),
    ]

    operations = [
        migrations.RunSQL(
            sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON django_fsm_log_statelog {columns}",
            reverse_sql=f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, columns in INDEXES.items()
    ]
