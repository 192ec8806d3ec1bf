"""What the database itself holds true of leads, and how it finds them."""

from __future__ import annotations

from django.db import models

__all__ = ["CONSTRAINTS", "INDEXES"]

CONSTRAINTS: list[models.BaseConstraint] = [
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

INDEXES = [
    # The list by state, oldest in state first; the sweeps over open leads.
    models.Index(fields=["status", "state_since"], name="lead_by_state"),
    # "What is due?", over open leads only.
    models.Index(
        fields=["deadline_at"],
        name="lead_by_deadline",
        condition=models.Q(status__in=["new", "verified", "quoted"]),
    ),
    # "Which leads look for providers again?", by the sweep and when one appears.
    models.Index(
        fields=["retry_at"],
        name="lead_by_retry",
        condition=models.Q(status__in=["verified", "quoted"], retry_at__isnull=False),
    ),
    # "Who is to be reminded?", by the sweep.
    models.Index(
        fields=["remind_at"],
        name="lead_by_reminder",
        condition=models.Q(status__in=["new", "quoted"], remind_at__isnull=False),
    ),
    # The list without a filter, newest first.
    models.Index(fields=["-created_at", "-id"], name="lead_newest"),
]
