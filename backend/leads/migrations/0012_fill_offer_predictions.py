"""Give the offers that are on record the prediction and the propensity that their decisions keep."""

from django.db import connection, migrations

DECISIONS_AT_ONCE = 2_000

# Again and again does no harm: what is filled is left alone.
_FILL = """
UPDATE leads_leadassignment AS offer
   SET predicted = (entry ->> 'accepts')::float, propensity = (entry ->> 'propensity')::float
  FROM leads_routingdecision AS decision
 CROSS JOIN LATERAL jsonb_path_query(decision.candidates, '$[*] ? (@.outcome == "offered")') AS entry
 WHERE decision.id > %s AND decision.id <= %s AND NOT decision.is_by_hand
   AND offer.decision_id = decision.id AND offer.provider_id = (entry ->> 'provider')::bigint
   AND NOT offer.was_claimed AND offer.predicted IS NULL
"""


def fill(apps, schema_editor):
    """Fill batch by batch, each in a transaction of its own: offers are locked for moments only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM leads_routingdecision")
        first, last = cursor.fetchone()
        for done in range(first, last, DECISIONS_AT_ONCE):
            cursor.execute(_FILL, [done, done + DECISIONS_AT_ONCE])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('leads', '0011_offer_predictions'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
