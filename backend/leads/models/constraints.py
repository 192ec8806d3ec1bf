"""What the database itself holds true of leads."""

from __future__ import annotations

from django.db import models

__all__ = ["LEAD_CONSTRAINTS"]

LEAD_CONSTRAINTS: list[models.BaseConstraint] = [
    # A lead off the globe matches nobody and breaks the coverage search.
    models.CheckConstraint(
        condition=models.Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
        name="lead_is_on_the_globe",
    ),
    # A duplicate has its original, and only a duplicate has one.
    models.CheckConstraint(
        condition=models.Q(status="duplicate", duplicate_of__isnull=False)
        | (~models.Q(status="duplicate") & models.Q(duplicate_of__isnull=True)),
        name="duplicate_has_its_original",
    ),
]
