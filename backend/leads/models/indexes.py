"""The indexes of leads and contacts, and the expressions that their list is searched by."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Reverse

__all__ = ["CONTACT_INDEXES", "CONTACT_WORDS", "LEAD_INDEXES", "LEAD_WORDS"]

LEAD_WORDS = SearchVector("title", "text", "place_name", config="simple")
CONTACT_WORDS = SearchVector("name", "email", config="simple")

LEAD_INDEXES = [
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
    # The list without a filter, newest first; of one category; from one source, and "which sources are there?".
    models.Index(fields=["-created_at", "-id"], name="lead_newest"),
    models.Index(fields=["category", "-created_at", "-id"], name="lead_of_category"),
    models.Index(fields=["source", "-created_at", "-id"], name="lead_from_source"),
    # The list around a city: the box of its circle.
    models.Index(fields=["latitude", "longitude"], name="lead_by_place"),
    # The search by the beginnings of words.
    GinIndex(LEAD_WORDS, name="lead_by_words"),
]

CONTACT_INDEXES = [
    # The search by the beginnings of a name or an address, and by the end of a number.
    GinIndex(CONTACT_WORDS, name="contact_by_words"),
    models.Index(OpClass(Reverse("phone_key"), name="text_pattern_ops"), name="contact_by_end_of_phone"),
]
