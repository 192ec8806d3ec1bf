"""The index of the events that figures ask for: when was a lead verified, when an offer accepted?"""

from django.db import migrations

# Raw SQL, because the table belongs to another app: its migration state must not know of it.  Of two states alone,
# so that the log's other events cost nothing more.
NAME = "statelog_of_milestones"


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY does not lock a log that is in use

    dependencies = [
        ("leads", "0004_terms_versions"),
        ("workflows", "0003_event_has_happened"),
    ]

    operations = [
        migrations.RunSQL(
            sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME}"
            ' ON django_fsm_log_statelog (content_type_id, state, "timestamp") INCLUDE (object_id, transition)'
            " WHERE state IN ('verified', 'accepted')",
            reverse_sql=f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
        ),
    ]
