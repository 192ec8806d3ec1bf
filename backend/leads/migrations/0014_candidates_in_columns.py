"""The candidates of decisions are written in columns from now on; both shapes are read, and the column is the same."""

from __future__ import annotations

from django.db import migrations

import backend.leads.models.candidates


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_fill_offer_predictions")]

    operations = [
        migrations.AlterField(
            model_name="routingdecision",
            name="candidates",
            field=backend.leads.models.candidates.CandidatesField(default=list, verbose_name="ranking"),
        ),
    ]
