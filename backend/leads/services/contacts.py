"""Confirming that a contact is genuine."""

from __future__ import annotations

from django.db import transaction

from backend.leads.models import Lead, LeadContact
from backend.users.models import User
from workflows import clock

__all__ = ["confirm_contact"]


def confirm_contact(lead: Lead, *, by: User | None) -> bool:
    """Note that the contact of a lead is genuine: confirmed by staff, or (None) by the client with a code.

    Returns whether it was news: a contact that is confirmed keeps who confirmed it first, and when.
    """
    with transaction.atomic():
        contact = LeadContact.objects.select_for_update(no_key=True).get(pk=lead.contact_id)
        if contact.confirmed_at is not None:
            return False
        contact.confirmed_at = clock.now()
        contact.confirmed_by = by
        contact.save(update_fields=["confirmed_at", "confirmed_by"])
        return True
