"""A lead as a row of the file describes it, before anything is written."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from backend.leads.contact_keys import email_key, phone_key
from backend.leads.importing.places import Place

__all__ = ["ContactDraft", "LeadDraft", "make_source_key"]


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """How the client is reached; ``phone`` is in E.164."""

    name: str = ""
    email: str = ""
    phone: str = ""
    is_confirmed: bool = False

    @property
    def email_key(self) -> str:
        """Return what the e-mail address is compared by."""
        return email_key(self.email)

    @property
    def phone_key(self) -> str:
        """Return what the phone number is compared by."""
        return phone_key(self.phone)

    @property
    def is_placeholder(self) -> bool:
        """Return whether there is no way to the client."""
        return not (self.email or self.phone)


@dataclass(frozen=True, slots=True)
class LeadDraft:
    """One good row.  ``source_key`` tells it from every other, in this run and in later ones.

    ``budget``, ``urgency``, ``language``, ``deadline_at`` and ``created_at`` None: the row does not say.
    """

    source_key: str
    category_id: int
    title: str
    place: Place
    contact: ContactDraft
    text: str = ""
    budget: Decimal | None = None
    urgency: str | None = None
    language: str | None = None
    deadline_at: datetime.datetime | None = None
    created_at: datetime.datetime | None = None


def make_source_key(source: str, external_id: str, values: Mapping[str, str]) -> str:
    """Return the key of a row: of the id that its source gave it, or without one of everything that it says."""
    material = ["id", source, external_id] if external_id else ["row", sorted(values.items())]
    digest = hashlib.sha256(json.dumps(material, ensure_ascii=True).encode()).hexdigest()
    return f"import:{digest}"
