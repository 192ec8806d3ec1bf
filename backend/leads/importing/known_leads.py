"""What the database knows of the rows of a batch already: a few statements, however many rows there are."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from backend.leads.importing.drafts import LeadDraft
from backend.leads.models import Lead, LeadContact
from backend.leads.selectors import STANDING
from backend.leads.terms_in_force import read_terms_book

__all__ = ["KnownLeads", "look_up"]


@dataclass(frozen=True, slots=True)
class KnownLeads:
    """``imported`` are the leads that came from these very rows, by source key.

    ``requests`` says when standing leads were submitted, by contact key and category.
    """

    imported: dict[str, Lead]
    requests: dict[tuple[str, int], list[datetime.datetime]]
    duplicate_within: datetime.timedelta

    def repeats(self, draft: LeadDraft, *, at: datetime.datetime) -> bool:
        """Return whether a standing lead of the same contact and category was submitted at about this time."""
        keys = (draft.contact.email_key, draft.contact.phone_key)
        submitted = [when for key in keys if key for when in self.requests.get((key, draft.category_id), ())]
        return any(abs(at - when) <= self.duplicate_within for when in submitted)


def look_up(drafts: Sequence[LeadDraft]) -> KnownLeads:
    """Return what the database knows of these rows: three statements, and one for the terms unless they are held."""
    keys = {draft.source_key for draft in drafts}
    imported = Lead.objects.filter(source_key__in=keys).select_related("contact")
    known = KnownLeads(
        imported={str(lead.source_key): lead for lead in imported},
        requests={},
        duplicate_within=read_terms_book().market.duplicate_within,
    )
    emails = {draft.contact.email_key for draft in drafts} - {""}
    phones = {draft.contact.phone_key for draft in drafts} - {""}
    # The blank keys are left out in so many words: the indexes are partial, and are used only then.
    _add_requests(known, LeadContact.objects.filter(email_key__in=emails).exclude(email_key=""), emails)
    _add_requests(known, LeadContact.objects.filter(phone_key__in=phones).exclude(phone_key=""), phones)
    return known


def _add_requests(known: KnownLeads, contacts: QuerySet[LeadContact], keys: Collection[str]) -> None:
    if not keys:
        return
    standing = contacts.filter(lead__status__in=STANDING)
    rows = standing.values_list("email_key", "phone_key", "lead__category_id", "lead__created_at")
    for email, phone, category_id, created_at in rows:
        for key in {email, phone} & set(keys):
            known.requests.setdefault((key, category_id), []).append(created_at)
