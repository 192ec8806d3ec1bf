"""Taking a lead in: the contact and the request, whole or not at all."""

from __future__ import annotations

from django.db import transaction

from backend.leads.models import Lead, LeadContact

__all__ = ["submit_lead"]


def submit_lead(lead: Lead, contact: LeadContact) -> Lead:
    """Save a new request with its contact.  Who submits it is said by ``workflows.acting`` around the call.

    Raises: django.core.exceptions.ValidationError when a field does not hold what it should: nothing is saved.
    """
    contact.full_clean()
    lead.full_clean(exclude=["contact"])
    with transaction.atomic():
        contact.save()
        lead.contact = contact
        lead.save()
    return lead
