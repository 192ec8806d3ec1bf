"""Writing a batch of drafts as leads with their contacts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from backend.leads.importing.drafts import ContactDraft, LeadDraft
from backend.leads.models import Lead, LeadContact
from backend.leads.terms_in_force import read_terms_book
from workflows.locking import lock_out

__all__ = ["create_leads", "lock_out_other_imports"]

_LOCK = 0x4C45414453  # "LEADS"; any number will do that nothing else locks
_ASSUMED = " (assumed)"


def lock_out_other_imports() -> None:
    """Let one import at a time look for duplicates and write: until the end of the running transaction."""
    lock_out(_LOCK)


def create_leads(drafts: Sequence[LeadDraft], *, source: str, now: datetime.datetime) -> list[Lead]:
    """Insert leads and their contacts, in the order of the drafts, and log each creation.

    Who creates them is said by ``workflows.acting`` around the call.  No ``post_save`` is sent: staff are told of
    an import once.
    """
    contacts = LeadContact.objects.bulk_create([_contact_of(draft.contact, now=now) for draft in drafts])
    terms = read_terms_book()
    leads = [
        _lead_of(draft, contact, source=source, now=now)
        for draft, contact in zip(drafts, contacts, strict=True)
    ]
    for lead in leads:
        lead.set_times(terms.of(lead.category_id))
    return Lead.objects.bulk_create(leads)


def _contact_of(draft: ContactDraft, *, now: datetime.datetime) -> LeadContact:
    contact = LeadContact(
        name=draft.name,
        email=draft.email,
        phone=draft.phone,
        is_placeholder=draft.is_placeholder,
        confirmed_at=now if draft.is_confirmed else None,
    )
    contact.set_keys()
    return contact


def _lead_of(draft: LeadDraft, contact: LeadContact, *, source: str, now: datetime.datetime) -> Lead:
    said: dict[str, Any] = {
        "urgency": draft.urgency,
        "language": draft.language,
        "deadline_at": draft.deadline_at,
    }
    return Lead(
        source=source,
        source_key=draft.source_key,
        category_id=draft.category_id,
        title=draft.title,
        text=draft.text,
        place_name=f"{draft.place.name}{_ASSUMED}" if draft.place.is_assumed else draft.place.name,
        latitude=draft.place.latitude,
        longitude=draft.place.longitude,
        budget=draft.budget,
        contact=contact,
        created_at=draft.created_at or now,
        **{name: value for name, value in said.items() if value is not None},
    )
