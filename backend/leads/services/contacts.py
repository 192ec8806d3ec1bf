"""The contact of a lead: confirmed once, and shown to providers that accepted it, each view on record."""

from __future__ import annotations

from django.db import transaction

from backend.leads.models import ContactView, Lead, LeadAssignment, LeadContact
from backend.users.models import User
from workflows import clock
from workflows.actors import current_acting

__all__ = ["ContactHidden", "confirm_contact", "reveal_contact"]

REVEALED_IN = (LeadAssignment.Status.ACCEPTED, LeadAssignment.Status.WON)


class ContactHidden(Exception):
    """The contact of a lead is shown to the provider that accepted it, and to nobody else."""

    def __init__(self, assignment: LeadAssignment, *, viewer: User) -> None:
        self.assignment = assignment
        self.viewer = viewer
        super().__init__(
            f"Cannot show {viewer} the contact of {assignment.lead.reference}: "
            f"the offer is '{assignment.status}', and of {assignment.provider}."
        )


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


def reveal_contact(assignment: LeadAssignment, *, by: User) -> LeadContact:
    """Return the client's contact for the login of the provider that accepted the lead; the view is recorded.

    Both hold or neither: the state is read under a lock that an end of the offer waits for.

    Raises: ContactHidden when the offer is not accepted (any more), or another provider's: nothing is recorded.
    """
    with transaction.atomic():
        rows = LeadAssignment._base_manager.select_related("lead__contact", "provider")
        current = rows.select_for_update(of=("self",), no_key=True).get(pk=assignment.pk)
        if current.status not in REVEALED_IN or current.provider.user_id != by.pk:
            raise ContactHidden(current, viewer=by)
        ContactView.objects.create(
            assignment=current, viewer=by, channel=current_acting().channel, at=clock.now()
        )
    return current.lead.contact
