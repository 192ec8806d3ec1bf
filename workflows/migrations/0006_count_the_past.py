"""The passages of all events before the trigger: from now on the database keeps them itself."""

from django.db import migrations

# The function of the trigger as it was made in 0005, over all records.  An event that came since has its passage.
COUNT = """
    INSERT INTO workflows_passage (log_id, at, spent_us, edge, object_id, content_type_id, magnitude)
    SELECT r.log_id, s.timestamp, spent.us,
           ('x' || left(md5(concat_ws('|', s.transition, coalesce(s.source_state, ''), s.state)), 16))::bit(64)::bigint,
           s.object_id, s.content_type_id, (16 * ln(greatest(spent.us, 0) + 1))::smallint
      FROM workflows_transitionrecord r
      JOIN django_fsm_log_statelog s ON s.id = r.log_id
     CROSS JOIN LATERAL (SELECT (extract(epoch FROM r.time_in_previous_state) * 1000000)::bigint) spent (us)
     ORDER BY r.log_id
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ("workflows", "0005_passages"),
    ]

    operations = [
        migrations.RunSQL(sql=COUNT, reverse_sql=migrations.RunSQL.noop),
    ]
