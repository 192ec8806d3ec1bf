"""The contact of a lead in the admin: how the client is reached, and whether somebody has confirmed it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from backend.leads.models import Lead, LeadContact
from workflows import machine_of

__all__ = ["CONFIRM", "SEE", "WRITE", "ContactCard", "build_contact_card", "save_changed_contact"]

SEE = "leads.view_leadcontact"
WRITE = "leads.change_leadcontact"
CONFIRM = "leads.confirm_contact_lead"


@dataclass(frozen=True, slots=True)
class ContactCard:
    """What the card shows.  ``confirm_url`` is empty where there is nothing to confirm, or not by the reader."""

    contact: LeadContact
    confirm_url: str


def build_contact_card(lead: Lead, *, request: HttpRequest, confirm_url: str) -> ContactCard | None:
    """Return the card, or None for a reader who may not see how clients are reached."""
    if not request.user.has_perms([SEE]):
        return None
    is_of_use = lead.contact.confirmed_at is None and machine_of(Lead).state(lead.state).is_open
    may_confirm = is_of_use and request.user.has_perms([CONFIRM])
    return ContactCard(contact=lead.contact, confirm_url=confirm_url if may_confirm else "")


def save_changed_contact(contact: LeadContact, *, before: LeadContact) -> bool:
    """Save what was edited; a new address or number has to be confirmed anew.  Return whether it has to be."""
    is_another_way = (contact.email_key, contact.phone_key) != (before.email_key, before.phone_key)
    must_be_confirmed = is_another_way and before.confirmed_at is not None
    if must_be_confirmed:
        contact.confirmed_at = contact.confirmed_by = None
    contact.save(update_fields=["name", "email", "phone", "confirmed_at", "confirmed_by"])
    return must_be_confirmed
