"""What the list of leads is searched and filtered by: the expressions, and the indexes that serve them."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Reverse

__all__ = ["CONTACT_LIST_INDEXES", "CONTACT_WORDS", "LEAD_LIST_INDEXES", "LEAD_WORDS"]

LEAD_WORDS = SearchVector("title", "text", "place_name", config="simple")
CONTACT_WORDS = SearchVector("name", "email", config="simple")

LEAD_LIST_INDEXES = [
    # The list without a filter, newest first; of one category; from one source, and "which sources are there?".
    models.Index(fields=["-created_at", "-id"], name="lead_newest"),
    models.Index(fields=["category", "-created_at", "-id"], name="lead_of_category"),
    models.Index(fields=["source", "-created_at", "-id"], name="lead_from_source"),
    # The list around a city: the box of its circle.
    models.Index(fields=["latitude", "longitude"], name="lead_by_place"),
    # The search by the beginnings of words.
    GinIndex(LEAD_WORDS, name="lead_by_words"),
]

CONTACT_LIST_INDEXES = [
    # The search by the beginnings of a name or an address, and by the end of a number.
    GinIndex(CONTACT_WORDS, name="contact_by_words"),
    models.Index(OpClass(Reverse("phone_key"), name="text_pattern_ops"), name="contact_by_end_of_phone"),
]
